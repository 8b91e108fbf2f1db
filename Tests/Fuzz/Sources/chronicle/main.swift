import Foundation

// Random histories as the native engine lives them, for another build of it to repeat: one JSON object a line.
//
//     chronicle FIRST_SEED COUNT [STEPS]
let arguments = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
guard arguments.count >= 2 else {
    FileHandle.standardError.write(Data("usage: chronicle FIRST_SEED COUNT [STEPS]\n".utf8))
    exit(2)
}
for seed in arguments[0]..<arguments[0] + arguments[1] {
    var history = History(seed: seed)
    history.run(steps: arguments.count > 2 ? Int(arguments[2]) : 60)
    FileHandle.standardOutput.write(Data(history.line.utf8))
}
