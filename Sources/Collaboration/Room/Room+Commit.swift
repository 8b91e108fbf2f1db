internal import CRDT

extension Room {
    /// What happened, as it is known to whoever made it happen.
    enum News {
        /// By changes.
        case patches([Patch])
        /// By edits of a thin client; and what these did where.
        case edits([PathEdit], [Footprint])

        var footprints: [Footprint] {
            switch self {
            case .patches(let patches): patches.map(Footprint.init)
            case .edits(_, let footprints): footprints
            }
        }
    }

    /// What has been merged and now goes to the disk and to the others.
    struct Accepted {
        var changes: [Change]
        /// The same as one set.
        var bytes: [UInt8]
        var news: News
        /// Set when it was an edit by position.
        var author: EditHistory.ThinAuthor?
        var session: SessionID
        var userID: String
    }

    /// Makes the next revision of it: remembers, stores, broadcasts, and calls `finish` when it is durable.
    func commit(_ accepted: Accepted, finish: @escaping (RoomError?) -> Void) {
        revision = revision.next
        for change in accepted.changes { changeLog.append(change) }
        trimChangeLog()
        switch accepted.news {
        case .patches(let patches): for patch in patches { contentSize.add(patch) }
        case .edits(let edits, _): for edit in edits { contentSize.add(edit) }
        }
        // Only those who edit by position need to know, and they begin with the revision that they join at.
        if participants.hasThinClients {
            history.append(accepted.news.footprints, author: accepted.author)
        } else {
            history.restart(at: revision)
        }

        let revision = self.revision
        pendingCommits.append(PendingCommit(revision: revision, acceptedAt: environment.now(), finish: finish))
        environment.observer?.changeAccepted(byteCount: accepted.bytes.count)
        let entry = LogEntry(
            document: id,
            revision: revision,
            changes: accepted.bytes,
            user: accepted.userID,
            timestamp: environment.timestamp()
        )
        environment.store.append(entry) { [commitSignal] in commitSignal.entryFinished(revision, $0) }

        if participants.hasFollowers(.changes, besides: accepted.session) {
            outbox.broadcast(
                accepted.changes,
                bytes: accepted.bytes,
                revision: revision,
                except: accepted.session
            )
        }
        tellThinClients(accepted.news, from: accepted.session)
        snapshots.noteChange(at: environment.now())
        scheduleWake()
    }

    /// Calls `finish` when everything accepted so far is durable.
    func acknowledgeWhenDurable(_ finish: @escaping (RoomError?) -> Void) {
        if pendingCommits.isEmpty {
            finish(nil)
        } else {
            pendingCommits.append(PendingCommit(revision: revision, finish: finish))
        }
    }

    /// The store has every revision up to `durable`.
    func becameDurable(_ durable: Revision) {
        let end = pendingCommits.firstIndex { $0.revision > durable } ?? pendingCommits.count
        let finished = pendingCommits[..<end]
        pendingCommits.removeFirst(end)
        if let observer = environment.observer, !finished.isEmpty {
            let now = environment.now()
            for case let acceptedAt? in finished.lazy.map(\.acceptedAt) {
                observer.changeStored(nanoseconds: now - min(now, acceptedAt))
            }
        }
        for pending in finished { pending.finish(nil) }
        finishUnloadIfDone()
    }

    /// The store refused a revision: from here on the memory holds what the disk does not.
    func storeFailed(_ error: StoreError) {
        if case .closed = state { return }
        let formerState = state
        state = .closed
        let pending = pendingCommits
        pendingCommits = []
        let refusal = RoomError(
            .storeFailed,
            "the change was not stored (\(error.code.rawValue)); join again and resend"
        )
        for commit in pending { commit.finish(refusal) }
        removeAll(because: .storeFailed)
        if case .unloading(let completion) = formerState {
            completion()
        } else {
            outbox.roomFailed(error)
        }
    }

    /// Tells those in `content` format what happened; those are out who cannot be told in their words.
    private func tellThinClients(_ news: News, from session: SessionID) {
        guard participants.hasFollowers(.content, besides: session) else { return }
        let edits: [PathEdit]?
        switch news {
        case .edits(let applied, _):
            edits = applied
        case .patches(let patches):
            var translator = PatchTranslator(patches)
            edits = translator.edits(in: document, steps: environment.limits.transformationSteps)
        }
        if let edits {
            outbox.broadcast(.edit(edits, revision: revision, session: session), to: .content, except: session)
        } else {
            for recipient in participants.keepingUp(.content) where recipient != session { expel(recipient) }
        }
    }

    /// Keeps the change log within its bound; drops a quarter more than it must, so that this is rare.
    func trimChangeLog() {
        let limit = environment.limits.changeLogByteCount
        guard changeLogMemory > limit else { return }
        while changeLogMemory > limit / 4 * 3, changeLog.count > 0 {
            changeLog.removeFirst(max(1, changeLog.count / 8))
        }
    }

    /// A change of one keystroke has 30 bytes, and takes six times as many.
    private var changeLogMemory: Int { changeLog.byteCount + 192 * changeLog.count }
}
