import { queryClient } from "@/api/live";
import {
  datasetQuery,
  previewFilesQuery,
  previewQuery,
  readmeQuery,
  receiptQuery,
} from "@/api/queries";

/** Ask for all that a dataset's screen shows; some of it only what is on this machine has. */
export async function askForDataset(key: string, revision?: string, file?: string): Promise<void> {
  const dataset = await queryClient.fetchQuery(datasetQuery(key, revision)).catch(() => null);
  if (!dataset?.downloaded) return;
  await Promise.all([
    askForTable(key, revision, file),
    queryClient.prefetchQuery(readmeQuery(dataset.id, revision)),
    queryClient.prefetchQuery(receiptQuery(key, revision)),
  ]);
}

async function askForTable(key: string, revision?: string, file?: string): Promise<void> {
  const tables = await queryClient.fetchQuery(previewFilesQuery(key, revision)).catch(() => null);
  const path = file ?? tables?.files[0]?.path;
  if (path !== undefined)
    await queryClient.prefetchQuery(previewQuery({ key, revision, path, here: true }));
}
