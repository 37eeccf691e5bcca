/** How many datasets a comparison takes. */
export const LEAST = 2;
export const MOST = 6;

export interface CompareSearch {
  ref: string[];
}

/** The datasets that an address names: `?ref=kaggle:a/b&ref=huggingface:c/d`, each once. */
export function compareSearch({ ref }: Record<string, unknown>): CompareSearch {
  const given = Array.isArray(ref) ? ref : [ref];
  const refs = given.filter((one): one is string => typeof one === "string" && one !== "");
  return { ref: [...new Set(refs)].slice(0, MOST) };
}

/** Why so many datasets cannot be compared; undefined where they can. */
export function whyNot(count: number): string | undefined {
  if (count < LEAST) return "Choose another one to compare it with";
  return count > MOST ? `A comparison takes ${MOST} datasets at most` : undefined;
}
