import Basics
import DataPipeline
import Foundation
import HDF5Storage
import Testing

/// The path of a file that `Tests/Fixtures/make_form_fixtures.py` made.
private func form(_ name: String) -> String {
  URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/forms/\(name)").path
}

/// Splits and labels in files of their own, and the forms of rows as a data set.
@Suite struct LocationTests {
  private func files(_ change: (inout SplitFiles) -> Void) -> SplitFiles {
    var files = SplitFiles()
    change(&files)
    return files
  }

  private let everyOther = (0..<12).map { $0 % 2 }

  @Test func splitsAndLabelsInFilesOfTheirOwn() throws {
    let location = DataLocation(
      nil,
      files: files {
        $0.train = form("patches_train_x.h5")
        $0.trainLabels = form("patches_train_y.h5")
        $0.validation = form("patches_valid_x.h5")
        $0.validationLabels = form("patches_valid_y.h5")
        $0.test = form("patches_test_x.h5")
        $0.testLabels = form("patches_test_y.h5")
      })
    let source = try DataSource.open(location)
    for (name, rows) in [(SplitName.train, 0..<8), (.validation, 8..<10), (.test, 10..<12)] {
      let split = try source.split(name)
      #expect(split.sampleCount == rows.count)
      #expect(split.featureShape == [4, 4, 3])
      // Labels [N, 1, 1, 1] are [N].
      #expect(split.targetShape == [1])
      #expect(try split.readLabels() == Array(everyOther[rows]))
    }
    #expect(try location.allFiles().count == 6)
    #expect(try source.split(.train).place(.targets, row: 1) == "\(form("patches_train_y.h5")): /y row 1")
    #expect(source.path == form("patches_train_x.h5"))
  }

  @Test func pairsOfADirectoryByTheirNames() throws {
    try withTemporaryDirectory { directory in
      for split in ["train", "valid", "test"] {
        for role in ["x", "y"] {
          let name = "patches_\(split)_\(role).h5"
          try FileManager.default.copyItem(
            atPath: form(name), toPath: directory + "/set_level_2_split_\(split)_\(role).h5")
        }
      }
      for path in [directory, directory + "/*.h5"] {
        let source = try DataSource.open(path)
        #expect(Set(source.splits.keys) == [.train, .validation, .test])
        #expect(try source.split(.train).readLabels() == Array(everyOther[..<8]))
        #expect(try source.split(.test).readLabels() == Array(everyOther[10...]))
        #expect(
          source.notes.contains { $0.hasPrefix("labels by the name of the file: \(directory)/set_level_2_split_") })
      }
      #expect(try DataFiles.paths(directory).count == 6)
    }
  }

  @Test func labelsByID() throws {
    let location = DataLocation(
      nil,
      files: files {
        $0.train = form("kaggle_images.h5")
        $0.trainLabels = form("kaggle_labels.h5")
      })
    let train = try DataSource.open(location).split(.train)
    #expect(try train.readLabels() == everyOther)
    #expect(try train.sampleIDs()?.ids == (0..<12).map { "img\($0)" })
  }

  @Test(arguments: [
    ("kaggle_images.h5", "kaggle_fewer.h5", "1 of 12 ids have no label in"),
    ("kaggle_images.h5", "kaggle_short.h5", "/images has 12 rows but /target in"),
    ("kaggle_images.h5", "texts.h5", "several data sets could be the labels"),
    ("texts.h5", "kaggle_labels.h5", "has labels beside it, /train/y"),
    ("kaggle_images.h5", "nothing.h5", "there is no such file"),
  ])
  func labelsThatDoNotFit(features: String, labels: String, text: String) {
    let location = DataLocation(
      nil,
      files: files {
        $0.train = form(features)
        $0.trainLabels = form(labels)
      })
    let error = message { _ = try DataSource.open(location) }
    #expect(error.contains(text), "\(error)")
  }

  @Test func filesBesideAPath() throws {
    let images = form("kaggle_images.h5"), labels = form("kaggle_labels.h5")
    // A path with labels of its own.
    let train = DataLocation(images, files: files { $0.trainLabels = labels })
    #expect(try DataSource.open(train).split(.train).readLabels() == everyOther)
    // A path, and one split more; the file holds another split, too.
    let test = DataLocation(
      form("patches_train_x.h5"),
      files: files {
        $0.trainLabels = form("patches_train_y.h5")
        $0.test = images
        $0.testLabels = labels
      })
    #expect(try Set(DataSource.open(test).splits.keys) == [.train, .test])
    let errors: [(DataLocation, String)] = [
      (DataLocation("a.h5", files: files { $0.train = "b.h5" }), "both name files to train on"),
      (DataLocation(nil, files: files { $0.test = "b.h5" }), "names no files to train on"),
      (DataLocation(images, files: files { $0.testLabels = "b.h5" }), "data.files.test_labels is given without"),
    ]
    for (location, text) in errors {
      let error = message { _ = try DataSource.open(location) }
      #expect(error.contains(text), "\(error)")
    }
  }

  @Test func aSplitOfAFileThatHoldsSeveral() throws {
    let texts = form("texts.h5")
    let location = DataLocation(nil, files: files { ($0.train, $0.test) = (texts, texts) })
    let source = try DataSource.open(location)
    #expect(try source.split(.train).sampleCount == 8)
    #expect(try source.split(.test).sampleCount == 3)
  }

  @Test func textsAreClassesByName() throws {
    let source = try DataSource.open(form("texts.h5"), labelsRequired: false)
      .matched(to: nil, targets: .classes)
    let train = try source.split(.train), test = try source.split(.test)
    #expect(train.names.classes == ["setosa", "versicolor", "virginica", "zürich"])
    #expect(try train.readLabels() == [0, 2, 1, 0, 3, 1, 2, 0])
    // The test split has two of them alone, whose numbers are those of the training split.
    #expect(try test.readLabels() == [2, 0, 2])
    let unknown = try DataSource.open(form("texts.h5"), features: "/train/x", labels: "/unknown/y")
      .matched(to: train.names, of: "best.h5", targets: .classes).split(.train)
    let error = message { _ = try unknown.readLabels() }
    #expect(error.contains("/unknown/y row 7 is of the class 'rose', which best.h5 does not know"), "\(error)")
  }

  @Test func classesOfSeveralFilesAreSorted() throws {
    // The first file has pears and cherries, the second one apples as well.
    let train = try DataSource.open(form("fruit_?.h5")).matched(to: nil, targets: .classes).split(.train)
    #expect(train.names.classes == ["apple", "cherry", "pear"])
    #expect(try train.readLabels() == [2, 1, 2, 1, 0, 2])
  }

  @Test func groupsBySample() throws {
    let plain = try DataSource.open(form("groups.h5")).split(.train)
    #expect(plain.sampleCount == 12)
    #expect(plain.featureShape == [2, 3])
    #expect(try plain.readLabels() == (0..<12).map { $0 % 3 })
    let split = try DataSource.open(form("groups_split.h5")).matched(to: nil, targets: .classes)
    #expect(try split.split(.train).sampleCount == 9)
    #expect(try split.split(.test).readLabels() == [1, 0, 1])
    #expect(try split.split(.test).sampleIDs()?.ids == ["case009", "case010", "case011"])
  }

  @Test func cellsOfAnndata() throws {
    let source = try DataSource.open(form("cells.h5ad"), features: "/X", labels: "/obs/cell_type")
      .matched(to: nil, targets: .classes)
    let train = try source.split(.train)
    #expect(train.names.columns == ["g1", "g2", "g3", "g4", "g5"])
    #expect(train.names.classes == ["B", "NK", "T"])
    #expect(try train.readLabels() == [0, 2, 1, 2, 0, 2, 1, 2])
    #expect(try train.sampleIDs()?.ids.first == "cell0")
  }

  @Test(arguments: [
    ("pandas_table.h5", "data.features=/df:{a,b}"), ("records.h5", "is a table of the columns a, n, wide"),
    ("cells.h5ad", "is a sparse matrix, which data.features=/X takes"),
  ])
  func formsWithoutKnownNames(file: String, text: String) {
    let error = message { _ = try DataSource.open(form(file)) }
    #expect(error.contains(text), "\(error)")
  }
}
