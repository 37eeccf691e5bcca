const PROVIDERS: Record<string, string> = {
  google_genai: "Google Gemini",
  openai: "OpenAI",
  anthropic: "Anthropic",
  ollama: "Ollama",
};

/** `google_genai:gemini-2.5-pro` as people say it: `Google Gemini (gemini-2.5-pro)`. */
export function modelWords(model: string): string {
  const [provider = "", ...rest] = model.split(":");
  const name = rest.join(":");
  const known = PROVIDERS[provider];
  return known && name ? `${known} (${name})` : model;
}
