/// The first names of a list, and how many more there are: `bird, cat and 8 more`.
public func listing(_ names: [String], limit: Int) -> String {
  let shown = names.prefix(limit).map(\.shownName).joined(separator: ", ")
  return names.count > limit ? shown + " and \(names.count - limit) more" : shown
}
