import { useQuery } from "@tanstack/react-query";
import { answerOf, api } from "@/api/client";
import type { TablesPlace } from "./queries";

/** What the addresses of the dataset's pictures begin with, once this browser may fetch them. */
export function useMediaAccess({ key, revision }: TablesPlace, wanted: boolean) {
  const access = useQuery({
    queryKey: ["browser-access", key, revision],
    queryFn: () => {
      const params = { path: { key }, query: { revision } };
      return answerOf(api.POST("/api/datasets/{key}/browser-access", { params }));
    },
    enabled: wanted,
    staleTime: 60 * 60_000,
  });
  return access.data?.address;
}
