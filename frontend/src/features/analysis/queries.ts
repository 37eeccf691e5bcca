import { queryOptions } from "@tanstack/react-query";
import { answerOf, api } from "@/api/client";
import type { UploadAnalysis } from "@/api/types";
import { UPLOADS_KEY, type UploadPlace } from "@/features/uploads/queries";

const ASK_AGAIN_MS = 1000;

/** What is said of an upload, beside the samples of a dataset. Asking for it starts what finds out. */
export function analysisQuery({ category, id }: UploadPlace, changed: string, dataset?: string) {
  return queryOptions({
    queryKey: [...UPLOADS_KEY, "analysis", category, id, changed, dataset],
    queryFn: () =>
      answerOf(
        api.GET("/api/uploads/{category}/{upload_id}/analysis", {
          params: { path: { category, upload_id: id }, query: { dataset } },
        }),
      ),
    refetchInterval: ({ state }) => (isUnderWay(state.data) ? ASK_AGAIN_MS : false),
  });
}

/** Its results are still to come, or those of the dataset that it is compared with. */
function isUnderWay(analysis: UploadAnalysis | undefined): boolean {
  if (!analysis) return false;
  const of = analysis.nearest?.state;
  return analysis.state === "computing" || of === "computing" || of === "downloading";
}

/** Find out anew, also where it was cancelled. */
export function startAnalysis({ category, id }: UploadPlace) {
  const params = { path: { category, upload_id: id } };
  return answerOf(api.POST("/api/uploads/{category}/{upload_id}/analysis", { params }));
}

export const ANALYSIS_MODELS_KEY = ["analysis-models"];

export const analysisModelsQuery = queryOptions({
  queryKey: ANALYSIS_MODELS_KEY,
  queryFn: () => answerOf(api.GET("/api/analysis/models")),
  refetchInterval: ({ state }) =>
    state.data?.catalog.some(({ job }) => job?.active) ? ASK_AGAIN_MS : false,
});

export function downloadModel(name: string) {
  return answerOf(api.POST("/api/analysis/models/{name}/download", { params: { path: { name } } }));
}
