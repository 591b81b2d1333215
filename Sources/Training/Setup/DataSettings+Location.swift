import DataPipeline

extension DataSettings {
  /// Where the data are; the bundled digits where nothing is named.
  package var location: DataLocation {
    get throws {
      var location = DataLocation(
        try path != nil || files.all.isEmpty ? BundledData.path(path) : nil, files: files, features: features,
        labels: labels, samplesAxis: samplesAxis)
      location.beside = validationGroup.map { [$0.hasPrefix("/") ? $0 : "/" + $0] } ?? []
      return location
    }
  }
}
