// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "quire",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "CRDT", targets: ["CRDT"]),
        .library(name: "RedisCluster", targets: ["RedisCluster"]),
        .library(name: "RedisWire", targets: ["RedisWire"]),
        .library(name: "SocketIO", targets: ["SocketIO", "SocketIOProtocol"]),
        .library(name: "SocketIOProtocol", targets: ["SocketIOProtocol"]),
        .library(name: "QuireClient", targets: ["QuireClient"]),
        .library(name: "EngineBenchmark", targets: ["EngineBenchmark"]),
        .executable(name: "quire", targets: ["quire"]),
        .executable(name: "ConformanceServer", targets: ["ConformanceServer"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ],
    targets: [
        // The system's zlib: checksums of stored rows, gzip of recorded sessions.
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        // The replicated document: sequence RGA, changes, versions, anchors; their byte formats. Embedded-Swift-safe.
        .target(name: "CRDT", exclude: ["Encoding/FORMAT.md"]),
        // Engine.IO v4 and Socket.IO v5 sans-IO: packets, payloads, state machines.
        .target(name: "SocketIOProtocol"),
        // A Socket.IO server library: transports, namespaces, rooms, acks, middleware.
        .target(
            name: "SocketIO",
            dependencies: [
                "CZlib",
                "SocketIOProtocol",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            exclude: ["README.md"]
        ),
        // The session layer, free of sockets: room, participant, presence, roles, flow control.
        .target(name: "Collaboration", dependencies: ["CRDT"]),
        // A `DocumentStore` on SQLite: change log, snapshots, migrations.
        .target(
            name: "SQLiteStore",
            dependencies: [
                "Collaboration",
                "CRDT",
                "CZlib",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        // What goes to and from Redis as bytes, sans-IO: RESP, MessagePack. Without TLS, so that fuzzers build it fast.
        .target(
            name: "RedisWire",
            dependencies: ["SocketIOProtocol", .product(name: "NIOCore", package: "swift-nio")]
        ),
        // Several servers over Redis: a client, and a Socket.IO adapter that speaks the original's wire format.
        .target(
            name: "RedisCluster",
            dependencies: [
                "RedisWire",
                "SocketIO",
                "SocketIOProtocol",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            exclude: ["README.md"]
        ),
        // HTTP API, gateway wiring, auth, limits, configuration.
        .target(
            name: "QuireServer",
            dependencies: [
                "Collaboration",
                "CRDT",
                "RedisCluster",
                "SQLiteStore",
                "SocketIO",
                "SocketIOProtocol",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]
        ),
        // The Swift client: local replica, offline queue, reconnect.
        .target(
            name: "QuireClient",
            dependencies: [
                "CRDT",
                "SocketIOProtocol",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ]
        ),
        // What the C library's allocator knows: bytes in use.
        .systemLibrary(name: "CMalloc"),
        // Recorded editing sessions, and the engine measured on them.
        .target(name: "EngineBenchmark", dependencies: ["CMalloc", "CRDT", "CZlib"]),
        // A running server under load: raw sockets, scheduled messages, every delivery checked.
        .target(
            name: "LoadBenchmark",
            dependencies: [
                "CRDT",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        // The command line: composition root, nothing else.
        .executableTarget(
            name: "quire",
            dependencies: [
                "CRDT",
                "Collaboration",
                "EngineBenchmark",
                "LoadBenchmark",
                "QuireClient",
                "QuireServer",
                "RedisCluster",
                "SQLiteStore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]
        ),
        // What foreign conformance suites and clients are run against, on the public API of `SocketIO`.
        .executableTarget(
            name: "ConformanceServer",
            dependencies: [
                "RedisCluster",
                "SocketIO",
                "SocketIOProtocol",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        // Seeded generator, naive oracle, trace loader, process and port helpers, the store's conformance suite.
        .target(
            name: "TestSupport",
            dependencies: ["Collaboration", "CRDT"],
            path: "Tests/TestSupport"
        ),
        .testTarget(name: "CRDTTests", dependencies: ["CRDT", "TestSupport"]),
        .testTarget(name: "SocketIOProtocolTests", dependencies: ["SocketIOProtocol", "TestSupport"]),
        .testTarget(
            name: "SocketIOTests",
            dependencies: [
                "SocketIO",
                "SocketIOProtocol",
                "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ]
        ),
        .testTarget(name: "CollaborationTests", dependencies: ["Collaboration", "CRDT", "TestSupport"]),
        .testTarget(
            name: "SQLiteStoreTests",
            dependencies: [
                "Collaboration",
                "CRDT",
                "SQLiteStore",
                "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(
            name: "QuireServerTests",
            dependencies: [
                "Collaboration",
                "CRDT",
                "QuireClient",
                "QuireServer",
                "SQLiteStore",
                "SocketIO",
                "SocketIOProtocol",
                "TestSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ]
        ),
        .testTarget(
            name: "QuireClientTests",
            dependencies: [
                "CRDT",
                "QuireClient",
                "SocketIOProtocol",
                "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "RedisClusterTests",
            dependencies: [
                "RedisCluster",
                "RedisWire",
                "SocketIO",
                "SocketIOProtocol",
                "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .testTarget(name: "EngineBenchmarkTests", dependencies: ["CRDT", "EngineBenchmark"]),
        .testTarget(
            name: "LoadBenchmarkTests",
            dependencies: ["LoadBenchmark", .product(name: "NIOCore", package: "swift-nio")]
        ),
        .testTarget(name: "QuireTests", dependencies: ["CRDT", "TestSupport"]),
    ],
    swiftLanguageModes: [.v6]
)

// The rules of the house, the same for every target: warnings are errors, imports are internal unless they are part of
// the interface, and members come only from modules that the file imports.
for target in package.targets where target.type != .system {
    var settings = target.swiftSettings ?? []
    settings += [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .treatAllWarnings(as: .error),
    ]
    if target.name == "CRDT" {
        settings += [.strictMemorySafety(), .treatWarning("EmbeddedRestrictions", as: .error)]
    }
    target.swiftSettings = settings
}
