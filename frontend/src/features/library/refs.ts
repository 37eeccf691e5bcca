const ESCAPED = /(?:![0-9A-F]{2})+/g;

/** The ref that a key of an address stands for: `kaggle:uciml/iris` of `kaggle:uciml~iris`. */
export function refOf(key: string): string {
  try {
    return key
      .replaceAll("~", "/")
      .replace(ESCAPED, (bytes) => decodeURIComponent(bytes.replaceAll("!", "%")));
  } catch {
    return key;
  }
}
