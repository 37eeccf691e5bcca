/** A dataset as clients of the HuggingFace Hub name it; `revision` where they have to say which. */
interface Repository {
  repo: string;
  revision: string | null;
}

/** What a shell is told so that programs read this server in place of the HuggingFace Hub. */
export function hubSettings(origin: string): string {
  return [
    `export HF_ENDPOINT=${origin}/hub`,
    "export HF_TOKEN=dft_…  # a token of yours: Settings, Tokens",
  ].join("\n");
}

/** The command that downloads it. */
export function hubCommand({ repo, revision }: Repository): string {
  return `hf download ${repo} --repo-type dataset${revision ? ` --revision ${revision}` : ""}`;
}

/** The code that loads it. */
export function hubCode({ repo, revision }: Repository): string {
  const named = revision ? `, revision="${revision}"` : "";
  return `from datasets import load_dataset\n\ndataset = load_dataset("${repo}"${named})`;
}
