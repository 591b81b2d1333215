import Settings
import Testing

@Suite struct SettingTests {
  @Test(arguments: [
    ("epochs", "3", "{\"epochs\": 3}"),
    ("clip_norm", "1e-3", "{\"clip_norm\": 0.001}"),
    ("data.path", "some/file.h5", "{\"data\": {\"path\": \"some/file.h5\"}}"),
    ("data.path", "'quoted'", "{\"data\": {\"path\": \"quoted\"}}"),
    ("a.b.c", "{x: [1]}", "{\"a\": {\"b\": {\"c\": {\"x\": [1]}}}}"),
    ("loss", "", "{\"loss\": \"\"}"),
    ("quiet", "true", "{\"quiet\": true}"),
  ])
  func valuesAreJSON5OrElseText(path: String, text: String, expected: String) throws {
    #expect(try JSONValue.object([]).setting(path: path, to: text).line == expected)
  }

  @Test func existingKeysKeepTheirPlace() throws {
    let value: JSONValue = ["a": 1, "b": ["c": 2, "d": 3], "e": 4]
    #expect(try value.setting(path: "b.c", to: "9").line == #"{"a": 1, "b": {"c": 9, "d": 3}, "e": 4}"#)
  }

  @Test func aPlainNameGivesWayToAnObject() throws {
    let value: JSONValue = ["optimizer": "sgd", "data": "x.h5", "model": "mlp"]
    #expect(
      try value.setting(path: "optimizer.momentum", to: "0.9")["optimizer"] == ["name": "sgd", "momentum": 0.9])
    #expect(
      try value.setting(path: "data.validation", to: "0.5", shorthands: ["data": "path"])["data"]
        == ["path": "x.h5", "validation": 0.5])
    #expect(try value.setting(path: "model.layers", to: "['relu']")["model"] == ["layers": ["relu"]])
  }

  @Test func aNameOverAnObjectChangesTheNameAlone() throws {
    let value: JSONValue = [
      "optimizer": ["name": "sgd", "momentum": 0.9], "data": ["path": "x.h5", "validation": 0.5],
    ]
    let keys = ["optimizer": "name", "data": "path"]
    #expect(
      try value.setting(path: "optimizer", to: "lars", shorthands: keys)["optimizer"]
        == ["name": "lars", "momentum": 0.9])
    #expect(
      try value.setting(path: "data", to: "y.h5", shorthands: keys)["data"] == ["path": "y.h5", "validation": 0.5])
    // An object replaces all.
    #expect(
      try value.setting(path: "optimizer", to: "{ name: 'adam' }", shorthands: keys)["optimizer"] == ["name": "adam"])
    #expect(try value.setting(path: "checkpoint", to: "x", shorthands: keys)["checkpoint"] == "x")
  }

  @Test func pathsThatLeadNowhere() {
    let value: JSONValue = ["epochs": 1]
    #expect(
      message { () throws(SettingsError) in try value.setting(path: "epochs.x", to: "1") }
        == "cannot set 'epochs.x': 'x' would be a key of 1")
    #expect(
      message { () throws(SettingsError) in try value.setting(path: "a..b", to: "1") }.hasPrefix(
        "'a..b' is not a path"))
  }
}
