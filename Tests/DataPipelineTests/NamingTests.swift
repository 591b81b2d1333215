import Basics
import DataPipeline
import Foundation
import HDF5Storage
import Testing

/// What names of data sets and files say.
@Suite struct NamingTests {
  private func write(_ path: String, _ names: [String], rows: Int = 4) throws {
    try makeFile(path) { file in
      for (index, name) in names.enumerated() {
        // Each data set knows its number.
        try file.write(name, shape: [rows, 2], elements: [Float](repeating: Float(index), count: rows * 2))
      }
    }
  }

  /// The features, the labels and the split of each split, as `train: /x /y`.
  private func splits(_ names: [String]) throws -> [String] {
    try withTemporaryDirectory { directory in
      try write(directory + "/a.h5", names)
      let source = try DataSource.open(directory + "/a.h5")
      return try SplitName.allCases.filter { source.splits[$0] != nil }.map { name in
        let split = try source.split(name)
        let places = [split.place(.features, row: 0), split.place(.targets, row: 0)].map {
          $0.split(separator: " ")[1]
        }
        return "\(name.rawValue): \(places[0]) \(places[1])"
      }
    }
  }

  @Test(arguments: [
    (["/train/x", "/train/y", "/valid/x", "/valid/y"], ["train: /train/x /train/y", "val: /valid/x /valid/y"]),
    (["/train/x", "/train/y", "/validation/x", "/validation/y"], ["val: /validation/x /validation/y"]),
    (["/Train/X", "/Train/Y", "/Dev/X", "/Dev/Y"], ["val: /Dev/X /Dev/Y"]),
    (["/x_train", "/y_train", "/x_valid", "/y_valid"], ["val: /x_valid /y_valid"]),
    (["/x_train", "/y_train", "/x_validation", "/y_validation"], ["val: /x_validation /y_validation"]),
    (["/X_train", "/y_train", "/X_test", "/y_test"], ["train: /X_train /y_train", "test: /X_test /y_test"]),
    (["/Xtrain", "/ytrain", "/Xtest", "/ytest"], ["train: /Xtrain /ytrain", "test: /Xtest /ytest"]),
    (["/trainX", "/trainY", "/testX", "/testY"], ["train: /trainX /trainY", "test: /testX /testY"]),
    (["/train_set_x", "/train_set_y", "/test_set_x", "/test_set_y"], ["train: /train_set_x /train_set_y"]),
    (["/x", "/y"], ["train: /x /y"]), (["/data", "/target"], ["train: /data /target"]),
    (["/data", "/labels"], ["train: /data /labels"]), (["/images", "/ans"], ["train: /images /ans"]),
    (["/train_images", "/train_labels", "/test_images", "/test_labels"], ["test: /test_images /test_labels"]),
    (["/train/images", "/train/labels"], ["train: /train/images /train/labels"]),
    (["/images/train", "/labels/train", "/images/val", "/labels/val"], ["val: /images/val /labels/val"]),
    (["/features", "/labels"], ["train: /features /labels"]), (["/inputs", "/outputs"], ["train: /inputs /outputs"]),
    (["/images", "/ans", "/redshift", "/ra"], ["train: /images /ans"]),
    (["/x", "/y", "/labels"], ["train: /x /y"]),
  ])
  func namesOfDataSets(names: [String], expected: [String]) throws {
    let found = try splits(names)
    #expect(Set(expected).isSubset(of: found), "\(found)")
    #expect(found.count == Set(names.map { NamingTests.split(of: $0) }).count, "\(found)")
  }

  private static func split(of name: String) -> String {
    let name = name.lowercased()
    return name.contains("test") ? "test" : name.contains("va") || name.contains("dev") ? "val" : "train"
  }

  @Test(arguments: [
    (["/x", "/y", "/images", "/labels"], "features of the split 'train': /images, /x"),
    (["/x", "/targets", "/labels"], "labels of /x of the split 'train': /labels, /targets"),
    (["/train/x", "/train/y", "/val/x", "/val/y", "/dev/x", "/dev/y"], "of the split 'val': /dev/y, /val/y"),
    (["/x_train", "/other"], "/x_train has no labels; expected them in /y_train"),
    (["/scan", "/digit"], "the file has /digit, /scan"),
  ])
  func namesThatAreNotClear(names: [String], text: String) throws {
    let error = message { _ = try splits(names) }
    #expect(error.contains(text), "\(error)")
  }

  @Test func whatIsNotUsedIsNamed() throws {
    try withTemporaryDirectory { directory in
      try write(directory + "/a.h5", ["/x", "/y", "/weights", "/holdout/x"])
      #expect(try DataSource.open(directory + "/a.h5").notes == ["not used: /holdout/x, /weights"])
      let told = try DataSource.open(directory + "/a.h5", features: "/holdout/x", labels: "/weights")
      #expect(told.notes == ["not used: /x, /y"])
    }
  }

  @Test func toldNamesHaveSiblings() throws {
    try withTemporaryDirectory { directory in
      try write(directory + "/a.h5", ["/scan/Train/in", "/scan/Train/out", "/scan/valid/in", "/scan/valid/out"])
      let source = try DataSource.open(directory + "/a.h5", features: "/scan/Train/in", labels: "/scan/Train/out")
      #expect(Set(source.splits.keys) == [.train, .validation])
    }
  }

  @Test func namesOfFiles() throws {
    try withTemporaryDirectory { directory in
      for name in ["ply_data_train0", "ply_data_train1", "ply_data_test0"] {
        try write("\(directory)/\(name).h5", ["/data", "/label"])
      }
      for path in [directory, directory + "/*.h5"] {
        let source = try DataSource.open(path)
        #expect(try source.split(.train).sampleCount == 8)
        #expect(try source.split(.test).sampleCount == 4)
        #expect(source.notes.contains { $0.contains("test by the name of the file") }, "\(source.notes)")
      }
      // A file that is named is what the user says it is.
      #expect(try DataSource.open(directory + "/ply_data_test0.h5").splits.keys.map(\.self) == [.train])
      // A file that says nothing could be anything beside one that says that it is to train on.
      try write("\(directory)/ply_data_2.h5", ["/data", "/label"])
      #expect(message { _ = try DataSource.open(directory) }.contains("ply_data_2.h5 does not say what it is for"))
    }
  }

  @Test func filesWithoutANameBesideTestFiles() throws {
    try withTemporaryDirectory { directory in
      for name in ["part1", "part2", "part_val"] { try write("\(directory)/\(name).h5", ["/X", "/y"]) }
      let source = try DataSource.open(directory)
      #expect(try source.split(.train).sampleCount == 8 && source.split(.validation).sampleCount == 4)
      #expect(source.notes.contains { $0.hasPrefix("to train on, as their names say nothing else: ") })
      try write("\(directory)/part_test.h5", ["/train/x", "/train/y"])
      #expect(message { _ = try DataSource.open(directory) }.contains("by its name it is for 'test', but it holds"))
    }
  }

  @Test func directoriesOfSplits() throws {
    try withTemporaryDirectory { directory in
      for split in ["train", "test"] {
        try FileManager.default.createDirectory(atPath: "\(directory)/\(split)", withIntermediateDirectories: false)
        try write("\(directory)/\(split)/a.h5", ["/X", "/y"], rows: split == "train" ? 6 : 3)
      }
      for path in [directory, directory + "/*/a.h5"] {
        let source = try DataSource.open(path)
        #expect(try source.split(.train).sampleCount == 6 && source.split(.test).sampleCount == 3)
      }
    }
  }

  @Test func unlikeFilesAreNotOneDataSet() throws {
    try withTemporaryDirectory { directory in
      for name in ["iris", "wine"] { try write("\(directory)/\(name).h5", ["/X", "/y"]) }
      let error = message { _ = try DataSource.open(directory) }
      #expect(error.contains("different data sets by their names: iris.h5, wine.h5"), "\(error)")
      #expect(try DataSource.open(directory + "/*.h5").split(.train).sampleCount == 8)
    }
  }
}
