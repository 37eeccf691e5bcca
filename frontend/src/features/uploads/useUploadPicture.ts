import { useQuery } from "@tanstack/react-query";
import { sendAsMe } from "@/api/client";
import { asProblem } from "@/api/problem";
import { UPLOADS_KEY, type UploadPlace } from "./queries";

export interface PictureWanted {
  edge: number;
  frame?: number;
  center?: number;
  width?: number;
}

/**
 * A `data:` address for the picture of an upload, which only who is signed in may fetch. `changed` is
 * another text once its content is another.
 */
export function useUploadPicture(place: UploadPlace, changed: string, wanted: PictureWanted) {
  const { category, id } = place;
  const query = useQuery({
    queryKey: [...UPLOADS_KEY, "picture", category, id, changed, wanted],
    queryFn: async ({ signal }) => {
      const search = new URLSearchParams();
      for (const [name, value] of Object.entries(wanted))
        if (value !== undefined) search.set(name, String(value));
      const response = await sendAsMe(`/api/uploads/${category}/${id}/image?${search}`, { signal });
      return asAddress(await response.blob());
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    placeholderData: (before) => before,
  });
  return {
    address: query.data,
    problem: query.error ? asProblem(query.error) : undefined,
    stale: query.isPlaceholderData,
  };
}

function asAddress(picture: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(picture);
  });
}
