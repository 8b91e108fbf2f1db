internal import GRDB

/// The tables, and how older files come to have them.
///
///     documents  (name)                 one row a document; `revision` is the last one of its log
///     changes    (document, revision)   the log: append only, without a gap after the older of the two newest snapshots
///     snapshots  (document, revision)   the whole document as of that revision, mostly compressed (`PackedSnapshot`)
///     roles      (document, user)       who was given a role, or none (NULL), beside what tokens grant
///     versions   (document, number)     states that are kept whatever becomes of the log, each whole (`PackedSnapshot`)
///     replies    (name)                 answers that are given again when the same request comes again
///     deleted    (name, epoch)          documents that were deleted, so that nobody brings them back by joining
///     webhook_events (number)           what happened and has not been told to anybody (`SQLiteStore+Webhooks`)
///     webhook_deliveries (number)       what receivers are still to be told; without `due` it is given up
///     webhook_announced (document)      up to which revision receivers know a document
///     revocations (number)              tokens that are not good any more, by user or by their own id
///     quarantine (document, item, revision)   rows that were found damaged; they stay where they are, for whoever repairs
///
/// Rows carry their document's name and not a short key: when the row in `documents` is damaged, its changes still say
/// whose they are, and the document is reported as damaged instead of being taken for one that never was.
enum Schema {
    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 documents, changes, snapshots") { database in
            try database.execute(
                sql: """
                    CREATE TABLE documents (
                        name TEXT NOT NULL PRIMARY KEY,
                        epoch TEXT NOT NULL,
                        revision INTEGER NOT NULL,
                        created INTEGER NOT NULL,
                        checksum INTEGER NOT NULL
                    ) STRICT, WITHOUT ROWID;

                    CREATE TABLE changes (
                        document TEXT NOT NULL REFERENCES documents (name),
                        revision INTEGER NOT NULL,
                        author TEXT NOT NULL,
                        time INTEGER NOT NULL,
                        bytes BLOB NOT NULL,
                        checksum INTEGER NOT NULL,
                        PRIMARY KEY (document, revision)
                    ) STRICT, WITHOUT ROWID;

                    CREATE TABLE snapshots (
                        document TEXT NOT NULL REFERENCES documents (name),
                        revision INTEGER NOT NULL,
                        bytes BLOB NOT NULL,
                        checksum INTEGER NOT NULL,
                        PRIMARY KEY (document, revision)
                    ) STRICT;

                    CREATE TABLE quarantine (
                        document TEXT NOT NULL,
                        item TEXT NOT NULL,
                        revision INTEGER NOT NULL,
                        reason TEXT NOT NULL,
                        found INTEGER NOT NULL,
                        PRIMARY KEY (document, item, revision)
                    ) STRICT, WITHOUT ROWID;
                    """
            )
        }
        // What is there stays as it is: plain bytes, whose checksum does not cover the new columns.
        migrator.registerMigration("2 compressed snapshots") { database in
            try database.execute(
                sql: """
                    ALTER TABLE snapshots ADD COLUMN encoding INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE snapshots ADD COLUMN length INTEGER NOT NULL DEFAULT 0;
                    """
            )
        }
        migrator.registerMigration("3 roles, deleted documents") { database in
            try database.execute(
                sql: """
                    CREATE TABLE roles (
                        document TEXT NOT NULL REFERENCES documents (name) ON DELETE CASCADE,
                        user TEXT NOT NULL,
                        role INTEGER,
                        author TEXT NOT NULL,
                        time INTEGER NOT NULL,
                        checksum INTEGER NOT NULL,
                        PRIMARY KEY (document, user)
                    ) STRICT, WITHOUT ROWID;

                    CREATE INDEX roles_by_user ON roles (user, document);

                    CREATE TABLE deleted (
                        name TEXT NOT NULL,
                        epoch TEXT NOT NULL,
                        time INTEGER NOT NULL,
                        PRIMARY KEY (name, epoch)
                    ) STRICT, WITHOUT ROWID;
                    """
            )
        }
        // Names are UTF-8 in blobs: a text would come back cut off at a NUL.
        migrator.registerMigration("4 versions") { database in
            try database.execute(
                sql: """
                    CREATE TABLE versions (
                        document TEXT NOT NULL REFERENCES documents (name) ON DELETE CASCADE,
                        number INTEGER NOT NULL,
                        name BLOB,
                        author TEXT NOT NULL,
                        author_name BLOB NOT NULL,
                        created INTEGER NOT NULL,
                        revision INTEGER NOT NULL,
                        vector BLOB NOT NULL,
                        encoding INTEGER NOT NULL,
                        length INTEGER NOT NULL,
                        bytes BLOB NOT NULL,
                        checksum INTEGER NOT NULL,
                        PRIMARY KEY (document, number)
                    ) STRICT;
                    """
            )
        }
        migrator.registerMigration("5 replies") { database in
            try database.execute(
                sql: """
                    CREATE TABLE replies (
                        name TEXT NOT NULL PRIMARY KEY,
                        fingerprint BLOB NOT NULL,
                        status INTEGER NOT NULL,
                        headers TEXT NOT NULL,
                        body BLOB NOT NULL,
                        time INTEGER NOT NULL
                    ) STRICT, WITHOUT ROWID;

                    CREATE INDEX replies_by_time ON replies (time);
                    """
            )
        }
        // Answers of before have none, and are taken as they are for the day that they are kept.
        migrator.registerMigration("6 checksums of replies") { database in
            try database.execute(sql: "ALTER TABLE replies ADD COLUMN checksum INTEGER")
        }
        // Documents that are there are not news.
        migrator.registerMigration("7 webhooks") { database in
            try database.execute(
                sql: """
                    CREATE TABLE webhook_events (
                        number INTEGER PRIMARY KEY AUTOINCREMENT,
                        type TEXT NOT NULL,
                        document TEXT NOT NULL,
                        epoch TEXT,
                        revision INTEGER,
                        detail TEXT NOT NULL,
                        time INTEGER NOT NULL
                    ) STRICT;

                    CREATE TABLE webhook_deliveries (
                        number INTEGER PRIMARY KEY AUTOINCREMENT,
                        receiver TEXT NOT NULL,
                        event TEXT NOT NULL,
                        type TEXT NOT NULL,
                        document TEXT NOT NULL,
                        body BLOB NOT NULL,
                        time INTEGER NOT NULL,
                        attempts INTEGER NOT NULL,
                        due INTEGER,
                        failure TEXT,
                        checksum INTEGER NOT NULL
                    ) STRICT;

                    CREATE INDEX webhook_deliveries_due ON webhook_deliveries (receiver, due);

                    CREATE TABLE webhook_announced (
                        document TEXT NOT NULL PRIMARY KEY,
                        epoch TEXT NOT NULL,
                        revision INTEGER NOT NULL
                    ) STRICT, WITHOUT ROWID;

                    INSERT INTO webhook_announced SELECT name, epoch, revision FROM documents;
                    """
            )
        }
        migrator.registerMigration("8 revocations") { database in
            try database.execute(
                sql: """
                    CREATE TABLE revocations (
                        number INTEGER PRIMARY KEY AUTOINCREMENT,
                        kind INTEGER NOT NULL,
                        name TEXT NOT NULL,
                        made_before INTEGER NOT NULL,
                        until INTEGER,
                        author TEXT NOT NULL,
                        time INTEGER NOT NULL,
                        checksum INTEGER NOT NULL,
                        UNIQUE (kind, name)
                    ) STRICT;
                    """
            )
        }
        // What is there is taken for what was written.
        migrator.registerMigration("9 checksums of events and of deleted documents") { database in
            database.add(function: Checksum.function)
            for table in Checksum.Table.allCases {
                try database.execute(
                    sql: """
                        ALTER TABLE \(table.rawValue) ADD COLUMN checksum INTEGER;
                        UPDATE \(table.rawValue) SET checksum = quire_checksum(\(table.columns));
                        """
                )
            }
        }
        return migrator
    }()
}
