"""What the tests of faults share: clients that keep books, a disk and a clock that go wrong, power cuts."""
