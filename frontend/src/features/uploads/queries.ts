import { queryOptions } from "@tanstack/react-query";
import { answerOf, api } from "@/api/client";
import type { UploadCategory } from "@/api/types";

export const UPLOADS_KEY = ["uploads"];

export interface UploadPlace {
  category: UploadCategory;
  id: string;
}

export const consentQuery = queryOptions({
  queryKey: [...UPLOADS_KEY, "consent"],
  queryFn: () => answerOf(api.GET("/api/uploads/consent")),
});

export const retentionQuery = queryOptions({
  queryKey: [...UPLOADS_KEY, "retention"],
  queryFn: () => answerOf(api.GET("/api/uploads/retention")),
});

/** My uploads of a category, or all, newest first. */
export function uploadsQuery(category: UploadCategory | undefined, limit: number) {
  return queryOptions({
    queryKey: [...UPLOADS_KEY, "list", category, limit],
    queryFn: () => answerOf(api.GET("/api/uploads", { params: { query: { category, limit } } })),
  });
}

export function uploadQuery({ category, id }: UploadPlace) {
  return queryOptions({
    queryKey: [...UPLOADS_KEY, "one", category, id],
    queryFn: () =>
      answerOf(
        api.GET("/api/uploads/{category}/{upload_id}", {
          params: { path: { category, upload_id: id } },
        }),
      ),
  });
}

export function tagsQuery({ category, id }: UploadPlace, changed: string) {
  return queryOptions({
    queryKey: [...UPLOADS_KEY, "tags", category, id, changed],
    queryFn: () =>
      answerOf(
        api.GET("/api/uploads/{category}/{upload_id}/tags", {
          params: { path: { category, upload_id: id } },
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function eventsQuery({ category, id }: UploadPlace) {
  return queryOptions({
    queryKey: [...UPLOADS_KEY, "events", category, id],
    queryFn: () =>
      answerOf(
        api.GET("/api/uploads/{category}/{upload_id}/events", {
          params: { path: { category, upload_id: id } },
        }),
      ),
  });
}
