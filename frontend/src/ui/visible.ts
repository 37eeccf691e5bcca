/**
 * Characters that nobody sees, made visible. The rule, and what each set is for, stands in
 * `backend/dataferry/core/visible.py`, which does the same for the terminal and for models;
 * `tests/data/hidden_characters.json` holds both to it.
 */
const HIDDEN = String.raw`\u{0}-\u{8}\u{b}\u{c}\u{e}-\u{1f}\u{7f}-\u{9f}\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{17b4}\u{17b5}\u{180b}-\u{180f}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2060}-\u{206f}\u{2800}\u{3164}\u{d800}-\u{dfff}\u{fe00}-\u{fe0f}\u{feff}\u{ffa0}\u{fff0}-\u{fffb}\u{fffe}\u{ffff}\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}`;
const JOINING = String.raw`\u{590}-\u{61b}\u{61d}-\u{109f}\u{1780}-\u{17b3}\u{17b6}-\u{180a}\u{1810}-\u{18af}\u{1900}-\u{1cff}\u{a800}-\u{abff}\u{fb1d}-\u{fdff}\u{fe70}-\u{fefc}\u{10a00}-\u{11fff}\u{1e900}-\u{1e95f}`;
const UNSPACED = String.raw`\u{e00}-\u{109f}\u{1780}-\u{17b3}\u{17b6}-\u{17ff}\u{1950}-\u{19ff}\u{1a20}-\u{1aaf}`;
const RIGHT_TO_LEFT =
  /[\u{590}-\u{61b}\u{61d}-\u{8ff}\u{fb1d}-\u{fdff}\u{fe70}-\u{fefc}\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const EMOJI = String.raw`\u{a9}\u{ae}\u{203c}\u{2049}\u{2100}-\u{214f}\u{2190}-\u{23ff}\u{2460}-\u{24ff}\u{25a0}-\u{27bf}\u{2900}-\u{297f}\u{2b00}-\u{2bff}\u{3030}\u{303d}\u{3297}\u{3299}\u{1f000}-\u{1faff}`;
const IDEOGRAPHS = String.raw`\u{2e80}-\u{2fdf}\u{3005}-\u{3007}\u{3400}-\u{9fff}\u{f900}-\u{faff}\u{20000}-\u{3ffff}`;
const VARIED = String.raw`0\u{1000}-\u{109f}\u{2200}-\u{22ff}\u{2a00}-\u{2aff}\u{3001}-\u{3003}\u{a840}-\u{a877}\u{aa60}-\u{aa7f}\u{ff00}-\u{ff60}`;
const SELECTORS = String.raw`\u{fe00}-\u{fe0f}\u{e0100}-\u{e01ef}`;
const DIRECTION = String.raw`\u{200e}\u{200f}\u{61c}`;
const FLAGS = ["gbeng", "gbsct", "gbwls"]
  .map((name) =>
    name.replace(/./g, (letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0))),
  )
  .join("|");

const LEGITIMATE = [
  String.raw`(?<=[${EMOJI}])\u{fe0f}?\u{200d}(?=[${EMOJI}])`,
  String.raw`(?<=[${EMOJI}])[\u{fe0e}\u{fe0f}](?![${SELECTORS}])`,
  String.raw`(?<=[0-9#*])\u{fe0f}(?=\u{20e3})`,
  String.raw`(?<=\u{1f3f4})(?:${FLAGS})\u{e007f}`,
  String.raw`(?<=[${JOINING}])(?:\u{200c}{1,2}|\u{200d}{1,2})(?![\u{200c}\u{200d}])`,
  String.raw`(?<![\u{200c}\u{200d}])(?:\u{200c}|\u{200d})(?=[${JOINING}])`,
  String.raw`(?<=[${UNSPACED}])\u{200b}(?!\u{200b})|(?<!\u{200b})\u{200b}(?=[${UNSPACED}])`,
  String.raw`(?<=[${IDEOGRAPHS}])[\u{fe00}-\u{fe02}\u{e0100}-\u{e01ef}](?![${SELECTORS}])`,
  String.raw`(?<=[${VARIED}])[\u{fe00}-\u{fe02}](?![${SELECTORS}])`,
  String.raw`(?<=[\u{1820}-\u{18aa}])[\u{180b}-\u{180f}](?![\u{180b}-\u{180f}])`,
  String.raw`(?<=\p{L})\u{ad}(?=\p{L})`,
  String.raw`\u{115f}(?=[\u{1161}-\u{11a7}])|(?<=[\u{1100}-\u{115e}])\u{1160}`,
  String.raw`(?<=[\u{300}-\u{36f}\u{590}-\u{5ff}])\u{34f}(?!\u{34f})`,
  String.raw`(?<=[\u{2801}-\u{28ff}])\u{2800}+|\u{2800}+(?=[\u{2801}-\u{28ff}])`,
].join("|");
const HIDDEN_ANYWHERE = new RegExp(`[${HIDDEN}]`, "u");
const FOUND = new RegExp(
  `(${LEGITIMATE})|((?<![${DIRECTION}])[${DIRECTION}](?![${DIRECTION}]))|([\\u{2028}\\u{2029}])|[${HIDDEN}]+`,
  "gu",
);

function mark(hidden: string): string {
  const characters = [...hidden];
  const many = characters.length;
  if (new Set(characters).size > 1) return `[${many} hidden characters]`;
  const code = (hidden.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return `[U+${code}${many > 1 ? ` ×${many}` : ""}]`;
}

/** `text` with a mark, `[U+202E]`, for each run of hidden characters that no script and no emoji needs there. */
export function visible(text: string): string {
  if (!HIDDEN_ANYWHERE.test(text)) return text;
  const rightToLeft = RIGHT_TO_LEFT.test(text);
  return text.replace(FOUND, (found, legitimate?: string, direction?: string, end?: string) => {
    if (legitimate || (direction && rightToLeft)) return found;
    return end ? "\n" : mark(found);
  });
}
