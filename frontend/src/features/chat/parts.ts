import type { UIMessage } from "ai";
import type { components } from "@/api/schema";
import type { MessageStatus, MessageView } from "@/api/types";

type Schemas = components["schemas"];

/** While `waiting_for` names a source, its results are still to come into the same part. */
export type SearchOutput = Schemas["SearchOutput"] & {
  waiting_for?: Schemas["SourceStatus"]["name"][];
};
export type DetailsOutput = Schemas["DetailsOutput"];
export type StartOutput = Schemas["StartOutput"];
export type JobsOutput = Schemas["JobsOutput"];
export type LibraryOutput = Schemas["LibraryOutput"];

/** What a search was asked for, as the tool's input says it. */
export interface SearchInput {
  query: string;
  sources?: Schemas["SourceStatus"]["name"][] | null;
  license?: string | null;
  format?: string | null;
  task?: string | null;
  min_bytes?: number | null;
  max_bytes?: number | null;
  sort?: Schemas["SearchFilters"]["sort"];
}

interface RefInput {
  ref: string;
}

/** The agent's tools; a type, not an interface, because the SDK indexes it by name. */
export type Tools = {
  search_datasets: { input: SearchInput; output: SearchOutput };
  dataset_details: { input: RefInput; output: DetailsOutput };
  start_download: { input: RefInput; output: StartOutput };
  download_status: { input: Partial<RefInput>; output: JobsOutput };
  cancel_download: { input: RefInput; output: JobsOutput };
  list_library: { input: { page?: number }; output: LibraryOutput };
};

export interface Metadata {
  chat_id?: string;
  status?: MessageStatus;
  model?: string | null;
}

export type Notice = { kind: string; text: string };

export type ChatMessage = UIMessage<Metadata, { notice: Notice }, Tools>;
export type Part = ChatMessage["parts"][number];
export type ToolPart = Extract<Part, { toolCallId: string; type: `tool-${keyof Tools}` }>;

export function isToolPart(part: Part): part is ToolPart {
  return part.type.startsWith("tool-");
}

/** What the API stores of a part is open in its schema; each has a type of the SDK's. */
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
