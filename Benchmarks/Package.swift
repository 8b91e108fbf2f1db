// swift-tools-version: 6.2
import PackageDescription

// Suites of the engine's rows, and programs that the scripts beside them run. A package of its own, so that users of quire
// never build it; README.md says how each is called.
let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        // Without its traits: the allocator that counts cannot be had here.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(name: "quire", path: ".."),
    ],
    targets: [
        // Time and throughput of the engine, for `swift package benchmark`, which takes every program directly in this folder
        // for a suite: the others lie one deeper.
        .executableTarget(
            name: "EngineSuite",
            dependencies: [
                .product(name: "Benchmark", package: "benchmark"),
                .product(name: "CRDT", package: "quire"),
                .product(name: "EngineBenchmark", package: "quire"),
            ],
            path: "EngineSuite",
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
        ),
        // Cost of an edit at each size of a document, for `plot`.
        .executableTarget(
            name: "growth",
            dependencies: [
                .product(name: "CRDT", package: "quire"),
                .product(name: "EngineBenchmark", package: "quire"),
            ],
            path: "Programs/growth"
        ),
        // A client's frames through the server's parser and through NIO's decoder.
        .executableTarget(
            name: "frames",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            path: "Programs/frames"
        ),
        // A session made or received a number of times, for `instructions`.
        .executableTarget(
            name: "repeat-session",
            dependencies: [.product(name: "EngineBenchmark", package: "quire")],
            path: "Programs/repeat-session"
        ),
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
    ]
    target.swiftSettings = settings
}
