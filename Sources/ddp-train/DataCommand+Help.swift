/// What `--help` prints for `ddp-train data` and its commands.
enum DataHelp {
  static let overview = """
    Makes data sets and looks at them.

      ddp-train data convert FORMAT SOURCE… --output F.h5   idx, cifar10, csv, text-csv, npy or text to HDF5
      ddp-train data make KIND --output F.h5                linear, classification, moons, blobs, spirals, shapes or tones
      ddp-train data inspect F.h5                           shapes, ranges, class counts, and what spoils training

    Each has its own --help.
    """

  static let convert = """
    Converts a data set to HDF5: /train/x, /train/y and, if there is a test split, /test/x, /test/y.

      ddp-train data convert idx DIRECTORY | IMAGES LABELS [IMAGES LABELS] --output F.h5
          MNIST and its successors, plain or gzip; files are told apart by name (train, t10k or test; images, labels)
      ddp-train data convert cifar10 DIRECTORY | BATCH.bin… --output F.h5
          the binary version; test_batch.bin becomes the test split; x is uint8 [N, 3, 32, 32]
      ddp-train data convert csv FILE.csv --output F.h5
          x is float32 [N, columns - 1]; class names are sorted, numbered from 0 and kept as attribute 'classes' of y
      ddp-train data convert text-csv FILE.csv --output F.h5
          texts with a class each: x is words by number, filled up with zeros; the words are the attribute 'words' of x
      ddp-train data convert npy X.npy Y.npy [TEST_X.npy TEST_Y.npy] --output F.h5
          arrays saved by NumPy, in their own type
      ddp-train data convert text FILE.txt --output F.h5
          /train and /val: x is windows of characters by number, y the character behind each; the alphabet is the
          attribute 'vocabulary' of x

    Options:
      --output F.h5         the file to write; it appears only when it is complete, and replaces an older one
      --gzip N              compress in chunks of rows, level 1 to 9, with shuffle; default 0: contiguous, fastest to read
    csv:
      --header auto|yes|no  whether the first line names the columns; auto: it has no number, or a usual label name
      --label NAME|INDEX    the label column, by name or by number from 0 (-1 is the last); default: the one named
                            label, target, class, y or species, else the last
      --labels auto|classes|values
                            auto: names are classes, whole numbers stay, other numbers are targets of a regression;
                            classes: each different cell is a class; values: float32 targets
      --delimiter C         the character between cells, or tab; default ','
      --test-file FILE.csv  another file with the same columns: the test split
      --test FRACTION       draws the test split from the rows, stratified by class, with --seed N (default 0)
    text-csv: --header, --delimiter, --test-file and --test as for csv, and
      --text NAME|INDEX     the column of texts; default: one named text, review, sentence, comment, message, content, tweet
                            or document, else the first beside the label's
      --label NAME|INDEX    the column of classes; default: as for csv, also sentiment, category, polarity, rating or stars
      --header auto|yes|no  auto: yes if a column is so named or named by --text or --label, no if the line has a number
      --length N            words of a row, longer texts are cut; default: the longest text to train on, at most 256
      --vocabulary N        numbers of words: 0 is padding, 1 any unknown word, then the commonest words of the training
                            split; default at most 10000
      --like OTHER.h5       takes words, length and classes from an earlier output, as for predict on new texts, whose
                            label column may be missing then
    npy:
      --features X.npy --labels Y.npy [--test-features X.npy --test-labels Y.npy]
                            the sources by name instead of by order
    text:
      --context N           characters of a window; default 64
      --stride N            from the start of one window to the next; default: the context, without overlap
      --validation FRACTION the end of the text that becomes the validation split; default 0.1
    """

  static let make = """
    Makes a data set from a seed: /train/x, /train/y, /test/x, /test/y.

      ddp-train data make linear|classification|moons|blobs|spirals --output F.h5
          x is float32 [N, features]
      ddp-train data make shapes --output F.h5
          x is uint8 [N, 32, 32, 3]: one ellipse, rectangle, triangle, cross, diamond or ring each; y is float32
          [N, 5]: class, x centre, y centre, width and height of its box, relative to the image; for --model detector
      ddp-train data make tones --output F.h5
          x is float32 [N, 48, 32]: words of three tones that differ in pitch and order, said in different voices, as
          spectrograms of the log power in mel bands (8 kHz, frames of 256 samples every 128); y is uint8, its attribute
          'classes' has the words; for --model speech

    Options:
      --output F.h5    the file to write
      --samples N      samples of both splits together; default 1000, shapes 12000, tones 4000
      --noise S        standard deviation of the noise (classification: fraction of labels drawn at random);
                       default: linear 0.1, classification 0.01, moons 0.1, blobs 1, spirals 0.02, shapes 0.1 (of the
                       range of a pixel), tones 0.3 (of the sound)
      --seed N         default 0
      --features N     default: linear 10, classification 20, blobs 2; the others have a fixed number
      --classes N      default: classification 2, blobs 3, spirals 2, shapes 4 (the first N of the six), tones 10 (at
                       most 120); moons have 2
      --test FRACTION  of the samples; default 0.2; 0 for no test split
      --gzip N         compress, level 1 to 9; default 0: contiguous
    """

  static let inspect = """
    Prints splits, shapes, types, storage, ranges and class counts of a data set, and warns of what spoils training: NaN and
    infinite values, constant features, class imbalance, labels out of range, missing classes, repeated samples, and samples
    of the test or validation split that also stand in the training split. Warnings leave the exit code 0.

      ddp-train data inspect F.h5

    Options:
      --features PATH  the features inside the file, if under no usual name; with --labels PATH
      --json           the report as JSON
    """
}
