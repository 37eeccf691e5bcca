/** A mark of Markdown, or what it makes a link of, wherever it stands. */
const MARK = /[\\`*_[\]<>#|~&@\n\r\t]|:\/\/|www\./i;
/** One line that does not begin as a list, and not as code does. */
const LINE = /^(?![-+=]|\d+[.)])\S(?:.*\S)?$/;

/** Whether `text` is one paragraph of words alone, whatever reads it as Markdown. */
export function isPlain(text: string): boolean {
  return LINE.test(text) && !MARK.test(text);
}
