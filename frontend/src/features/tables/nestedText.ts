/**
 * JSON with an entry a line; whatever is none as it is. It is laid out as it stands, not read: a number keeps all its digits
 * (9007199254740993 would not).
 */
export function laidOut(json: string): string {
  if (!isJson(json)) return json;
  let text = "";
  let depth = 0;
  let inText = false;
  for (let place = 0; place < json.length; place += 1) {
    const mark = json[place] ?? "";
    if (inText) {
      text += mark;
      if (mark === "\\") text += json[++place] ?? "";
      else if (mark === '"') inText = false;
      continue;
    }
    const empty = /^[[{]\s*[\]}]/.exec(json.slice(place, place + 8));
    if (empty) {
      text += mark + (empty[0].at(-1) ?? "");
      place += empty[0].length - 1;
    } else if (mark === "[" || mark === "{") {
      depth += 1;
      text += mark + line(depth);
    } else if (mark === "]" || mark === "}") {
      depth = Math.max(0, depth - 1);
      text += line(depth) + mark;
    } else if (mark === ",") {
      text += mark + line(depth);
    } else if (mark === ":") {
      text += ": ";
    } else if (mark.trim()) {
      text += mark;
      inText = mark === '"';
    }
  }
  return text;
}

/** A column of nested values has plain text too, or the beginning of a value. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function line(depth: number): string {
  return `\n${"  ".repeat(depth)}`;
}
