import { queryOptions } from "@tanstack/react-query";
import { answerOf, api, sendAsMe } from "@/api/client";
import type { TableAnswer } from "@/api/types";
import type { TablePlace } from "@/features/tables/queries";

/** What the table is called in SQL, and ready questions. */
export function askableQuery({ key, table, revision }: TablePlace) {
  return queryOptions({
    queryKey: ["library", "askable", key, revision, table],
    queryFn: () => {
      const params = { path: { key, table }, query: { revision } };
      return answerOf(api.GET("/api/datasets/{key}/tables/{table}/questions", { params }));
    },
  });
}

/** The answer to a question in words, or to SQL. Who leaves, or cancels, ends it. */
export function ask(
  { key, table, revision }: TablePlace,
  question: string,
  signal: AbortSignal,
): Promise<TableAnswer> {
  const params = { path: { key, table }, query: { revision } };
  const body = { question };
  return answerOf(api.POST("/api/datasets/{key}/tables/{table}/ask", { params, body, signal }));
}

/** All rows of a query, as a file that the browser saves. */
export async function saveRows(place: TablePlace, sql: string, format: "csv" | "parquet") {
  const query = new URLSearchParams({
    format,
    ...(place.revision && { revision: place.revision }),
  });
  const path = `/api/datasets/${encodeURIComponent(place.key)}/tables/${place.table}/query/export`;
  const response = await sendAsMe(`${path}?${query}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ sql }),
  });
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = `answer.${format}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
