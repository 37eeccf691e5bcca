/** Silence that no living server keeps: it sends a comment every 15 s. */
const LONGEST_SILENCE_MS = 45_000;

/**
 * The data of each server-sent event of a body, as soon as its bytes are there
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
 * Characters, lines and events may be cut anywhere between two reads; an event that never got its
 * empty line is none. Throws a `TypeError`, as a broken connection does, after a long silence.
 */
export async function* eventsOf(
  body: ReadableStream<Uint8Array>,
  silenceMs = LONGEST_SILENCE_MS,
): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const lines = new Lines();
  let data: string[] = [];
  try {
    for (;;) {
      const { done, value } = await within(silenceMs, reader.read());
      for (const line of lines.of(decoder.decode(value, { stream: !done }))) {
        if (line !== "") {
          const found = dataOf(line);
          if (found !== null) data.push(found);
        } else if (data.length > 0) {
          yield data.join("\n");
          data = [];
        }
      }
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Cuts text into lines; they end with CR LF, LF or CR, and what has no end yet is kept for later. */
class Lines {
  #rest = "";
  #afterReturn = false;

  *of(text: string): Generator<string> {
    // The second half of a CR LF that was cut in two.
    const rest = this.#afterReturn && text.startsWith("\n") ? text.slice(1) : text;
    if (text !== "") this.#afterReturn = text.endsWith("\r");
    const lines = (this.#rest + rest).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? "";
    yield* lines;
  }
}

/** The value of a `data` field; null for comments and other fields. */
function dataOf(line: string): string | null {
  if (line === "data") return "";
  if (!line.startsWith("data:")) return null;
  return line.slice(line[5] === " " ? 6 : 5);
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new TypeError("The connection went silent.")), ms);
  });
  try {
    return await Promise.race([work, silence]);
  } finally {
    clearTimeout(timer);
  }
}
