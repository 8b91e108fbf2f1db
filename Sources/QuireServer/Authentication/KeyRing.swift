import Logging
import ServiceLifecycle

/// The keys that tokens are checked with now: the secret, and what files and addresses gave last.
///
/// A source is read at the start, again when its time is over, and at once when a token names a key that is not there; at
/// most every ``Timing/pause`` then, so that nobody can make us hammer an issuer by inventing names. When reading fails
/// the keys that were there stay.
actor KeyRing {
    /// How often sources are read.
    struct Timing: Sendable {
        /// The least time between two readings because of unknown names.
        var pause: Duration = .seconds(10)
        /// When a source that does not say is read again.
        var defaultAge: Duration = .seconds(300)
        /// Bounds for what an issuer says.
        var ages: ClosedRange<Double> = 30...86_400
        /// How long one reading may take.
        var timeout: Duration = .seconds(5)
    }

    private let fixed: [VerificationKey]
    private let sources: [KeySource]
    private let timing: Timing
    private let logger: Logger
    private let clock = ContinuousClock()
    private var loaded: [[VerificationKey]]
    private var dueAt: ContinuousClock.Instant
    private var readAt: ContinuousClock.Instant?
    private var reading: Task<[KeySourceError?], Never>?

    init(fixed: [VerificationKey], sources: [KeySource] = [], timing: Timing = Timing(), logger: Logger) {
        self.fixed = fixed
        self.sources = sources
        self.timing = timing
        self.logger = logger
        loaded = sources.map { _ in [] }
        dueAt = clock.now
    }

    /// The keys a token may have been signed with, by what its header says; usually one.
    ///
    /// - Returns: none when nothing fits, even after asking the sources once more.
    func keys(algorithm: TokenAlgorithm, id: String?) async -> [VerificationKey] {
        guard let id else { return all.filter { $0.algorithm == algorithm } }
        func named() -> [VerificationKey] { all.filter { $0.algorithm == algorithm && $0.id == id } }
        let known = named()
        guard known.isEmpty else { return known }
        if !sources.isEmpty, readAt.map({ clock.now - $0 >= timing.pause }) ?? true || reading != nil {
            _ = await read()
        }
        let found = named()
        guard found.isEmpty else { return found }
        return all.filter { $0.algorithm == algorithm && $0.id == nil && $0.servesAnyName }
    }

    private var all: [VerificationKey] { fixed + loaded.joined() }

    /// Reads every source; whoever asks meanwhile waits for the same reading.
    ///
    /// - Returns: for each source why it could not be read, or nil.
    @discardableResult
    func read() async -> [KeySourceError?] {
        if let reading { return await reading.value }
        let task = Task { await self.readSources() }
        reading = task
        let failures = await task.value
        return failures
    }

    private func readSources() async -> [KeySourceError?] {
        readAt = clock.now
        var failures: [KeySourceError?] = []
        var age = Double.infinity
        for (index, source) in sources.enumerated() {
            do throws(KeySourceError) {
                let answer = try await source.read(timeout: timing.timeout)
                loaded[index] = try await KeySet.keys(in: answer.bytes)
                let own = answer.maximumAge.map { min(max($0, timing.ages.lowerBound), timing.ages.upperBound) }
                age = min(age, own ?? timing.defaultAge / .seconds(1))
                failures.append(nil)
            } catch {
                age = min(age, timing.ages.lowerBound)
                failures.append(error)
                logger.error(
                    "keys could not be read, those there stay",
                    metadata: ["source": "\(source)", "reason": "\(error)", "keys": "\(loaded[index].count)"]
                )
            }
        }
        dueAt = clock.now + .seconds(age.isFinite ? age : 86_400)
        reading = nil
        return failures
    }

    /// Reads the sources for the first time.
    ///
    /// An address may come up later than we do; a file that is not there is a mistake.
    /// - Throws: when a file cannot be read.
    func load() async throws(ConfigurationError) {
        guard !sources.isEmpty else { return }
        for (source, failure) in zip(sources, await read()) {
            guard let failure, case .file = source else { continue }
            throw .invalid("\(source): \(failure)")
        }
    }

    /// Reads the sources whenever their time is over, until cancelled.
    func keepFresh() async throws {
        guard !sources.isEmpty else { return try await gracefulShutdown() }
        while !Task.isCancelled {
            try await clock.sleep(until: dueAt)
            await read()
        }
    }
}

/// Keeps a ``KeyRing`` fresh while the server runs.
struct KeyRefresher: Service, CustomStringConvertible {
    let ring: KeyRing

    /// The name in the logs of the lifecycle.
    var description: String { "the keys of tokens" }

    /// Until the shutdown.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            try? await ring.keepFresh()
        }
    }
}

extension KeyRing {
    /// The keys of a configuration; nil when it has none.
    init?(configuration: ServerConfiguration, logger: Logger) async {
        var fixed: [VerificationKey] = []
        if let secret = configuration.jwtSecret {
            fixed.append(await VerificationKey(secret: secret, id: configuration.jwtKeyID))
        }
        let sources =
            configuration.jwtPublicKeyFiles.map { KeySource.file($0) } + configuration.jwks.map(KeySource.init)
        guard !fixed.isEmpty || !sources.isEmpty else { return nil }
        self.init(fixed: fixed, sources: sources, logger: logger)
    }
}
