// What the local edits of lists and maps note for undo; those of texts note what they deleted.

extension Document {
    /// What a key holds before it is set; `nil` when nothing is to be noted.
    func settingToNote(_ key: [UInt8], in map: UInt32, by author: Int) -> UndoStep.Setting? {
        guard undoHistory.isOn, !isNew(map, since: undoHistory.open.firstCounter, by: author) else { return nil }
        var setting = UndoStep.Setting(map: map, key: .max, counter: store.replicas[author].nextCounter, previous: nil)
        guard let number = store.maps.number(ofKey: key), let entry = store.maps.entry(map, number) else {
            return setting
        }
        if store.maps[entry].isSet { setting.previous = store.maps.value(of: entry) }
        if Int(store.maps[entry].replica) == author { setting.overridden = store.maps[entry].counter }
        return setting
    }

    /// Notes a set that was just done.
    mutating func note(_ setting: UndoStep.Setting?, ofKey key: [UInt8]) {
        guard var setting, let number = store.maps.number(ofKey: key) else { return }
        setting.key = number
        undoHistory.open.noteSetting(setting)
    }

    /// Notes that an item was just moved.
    mutating func noteMove(of item: UInt32, from previous: UInt32) {
        guard undoHistory.isOn else { return }
        let movement = UndoStep.Movement(item: item, place: store.place(ofItem: item), previous: previous)
        undoHistory.open.noteMovement(movement)
    }
}
