// swift-tools-version: 6.2
import PackageDescription

// Byte fuzzers of every decoder. A package of its own, so that users of quire never build it:
//
//     swift run -c release --package-path Tests/Fuzz fuzz --target all --iterations 1000000 --seed 1
let package = Package(
    name: "fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "quire", path: "../.."),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        // The generator, the mutator and the shape of a fuzz target.
        .target(name: "FuzzKit"),
        // Changes, change sets, snapshots, versions, anchors.
        .target(name: "FuzzCRDT", dependencies: ["FuzzKit", .product(name: "CRDT", package: "quire")]),
        // Engine.IO, Socket.IO and JSON.
        .target(name: "FuzzProtocol", dependencies: ["FuzzKit", .product(name: "SocketIOProtocol", package: "quire")]),
        // Redis' protocol and what the servers of a cluster tell each other.
        .target(
            name: "FuzzRedis",
            dependencies: [
                "FuzzKit",
                .product(name: "RedisWire", package: "quire"),
                .product(name: "SocketIOProtocol", package: "quire"),
                .product(name: "NIOCore", package: "swift-nio"),
            ]
        ),
        // Random histories of documents beside a naive oracle: links to the files in Tests/TestSupport.
        .target(name: "Histories", dependencies: [.product(name: "CRDT", package: "quire")]),
        .executableTarget(
            name: "fuzz",
            dependencies: ["FuzzKit", "FuzzCRDT", "FuzzProtocol", "FuzzRedis", "Histories"]
        ),
        // Random histories as JSON lines, for the WebAssembly build of the engine to repeat: see Tests/Web.
        .executableTarget(name: "chronicle", dependencies: ["FuzzKit", .product(name: "CRDT", package: "quire")]),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets {
    var settings = target.swiftSettings ?? []
    settings += [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .treatAllWarnings(as: .error),
    ]
    target.swiftSettings = settings
}
