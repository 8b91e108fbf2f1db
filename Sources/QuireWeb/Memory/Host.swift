/// What the host and the module share: the module has one thread, so that nothing here is ever used by two.
///
/// Constants at the start: reading them checks no "once".
@safe nonisolated(unsafe) var documents = DocumentTable()
/// What the host wrote for the next call; see `input` in `EXPORTS.md`.
@safe nonisolated(unsafe) var input = Buffer()
/// What the last call answered.
@safe nonisolated(unsafe) var output = Buffer()
