import type { components } from "@/api/schema";
import type { MessageStatus, MessageView } from "@/api/types";

type Schemas = components["schemas"];

/** While `waiting_for` names a source, its results are still to come; answers of older versions have none. */
export type SearchOutput = Omit<Schemas["SearchOutput"], "waiting_for"> &
  Partial<Pick<Schemas["SearchOutput"], "waiting_for">>;
export type DetailsOutput = Schemas["DetailsOutput"];
export type ModelsOutput = Schemas["ModelsOutput"];
export type CompareOutput = Schemas["CompareOutput"];
export type PreviewOutput = Schemas["PreviewOutput"];
export type QueryOutput = Schemas["QueryOutput"];
export type HealthOutput = Schemas["HealthOutput"];
export type VersionsOutput = Schemas["VersionsOutput"];
export type StartOutput = Schemas["StartOutput"];
export type JobsOutput = Schemas["JobsOutput"];
export type LibraryOutput = Schemas["LibraryOutput"];

/** What a search was asked for, as the tool's input says it. */
export type SearchInput = Partial<Schemas["SearchFilters"]> & {
  query: string;
  sources?: Schemas["SourceStatus"]["name"][] | null;
};

interface RefInput {
  ref: string;
}

/** The agent's tools. */
export interface Tools {
  search_datasets: { input: SearchInput; output: SearchOutput };
  search_models: { input: { query: string }; output: ModelsOutput };
  compare_datasets: { input: { refs: string[] }; output: CompareOutput };
  dataset_details: { input: RefInput; output: DetailsOutput };
  preview_dataset: { input: RefInput; output: PreviewOutput };
  query_table: { input: RefInput; output: QueryOutput };
  dataset_health: { input: RefInput; output: HealthOutput };
  dataset_versions: { input: RefInput; output: VersionsOutput };
  start_download: { input: RefInput; output: StartOutput };
  download_status: { input: Partial<RefInput>; output: JobsOutput };
  cancel_download: { input: RefInput; output: JobsOutput };
  list_library: { input: { page?: number }; output: LibraryOutput };
}

export interface Metadata {
  chat_id?: string;
  status?: MessageStatus;
  model?: string | null;
}

/** `screen`: where the reader can mend it. */
export type Notice = { kind: string; text: string; screen?: string };

/** A tool's call, and what came of it; a preliminary output is followed by a fuller one. */
type ToolPartOf<Name extends keyof Tools> = {
  type: `tool-${Name}`;
  toolCallId: string;
  input: Tools[Name]["input"];
} & (
  | { state: "input-available" }
  | { state: "output-available"; output: Tools[Name]["output"]; preliminary?: boolean }
  | { state: "output-error"; errorText: string }
);

export type ToolPart = { [Name in keyof Tools]: ToolPartOf<Name> }[keyof Tools];

export type Part =
  | { type: "text"; text: string; state?: "streaming" | "done" }
  | { type: "step-start" }
  | { type: "data-notice"; data: Notice }
  /** Of another's chat: what is not shown to its reader, and why. */
  | { type: "data-withheld"; data: Notice }
  | ToolPart;

export interface ChatMessage {
  id: string;
  role: "user" | "assistant";
  parts: Part[];
  metadata?: Metadata;
}

export function isToolPart(part: Part): part is ToolPart {
  return part.type.startsWith("tool-");
}

/** What the API stores of a part is open in its schema; parts of later versions are passed over. */
function isPart(part: object): part is Part {
  return "type" in part && typeof part.type === "string";
}

/** A stored message as the chat state holds it. */
export function toChatMessage(stored: MessageView): ChatMessage {
  const parts = stored.parts.filter(isPart);
  return {
    id: stored.id,
    role: stored.role,
    parts: parts.length ? parts : [{ type: "text", text: stored.content }],
    metadata: { chat_id: stored.chat_id, status: stored.status, model: stored.model },
  };
}

/** The words of a message, paragraphs apart. */
export function textOf(message: ChatMessage): string {
  return message.parts
    .flatMap((part) => (part.type === "text" ? [part.text.trim()] : []))
    .filter(Boolean)
    .join("\n\n");
}

/** The answer has come to its end, whichever; anything else is worth asking the server for again. */
export function hasEnded(message: ChatMessage | undefined): boolean {
  if (message?.role !== "assistant") return false;
  const status = message.metadata?.status;
  return status !== undefined && status !== "generating";
}
