import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { connection, session } from "@/api/client";
import { store, stored } from "@/api/storage";
import { type AnnotatedImage, listOf, nameOf, remoteOf } from "./queries";
import { type Pending, Sheet } from "./sheet";

/** Others draw at the same time. */
const LOOK_AGAIN_MS = 15_000;

/** What I draw on an image, and what is there of everybody. */
export function useSheet(image: AnnotatedImage) {
  const name = nameOf(image);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the name tells all of the image
  const sheet = useMemo(() => {
    const { keep, kept } = keeper(image);
    return new Sheet(remoteOf(image), keep, kept());
  }, [name]);
  const state = useSyncExternalStore(sheet.watch, sheet.state);
  const page = useQuery({
    queryKey: ["annotations", name],
    queryFn: async ({ signal }) => {
      const { generation } = sheet;
      const found = await listOf(image, signal);
      sheet.merge(
        found.annotations.filter(({ mine }) => mine),
        generation,
      );
      return found;
    },
    refetchInterval: LOOK_AGAIN_MS,
    staleTime: 0,
  });
  useEffect(() => {
    const stop = connection.watch(sheet.again);
    return () => {
      stop();
      sheet.close();
    };
  }, [sheet]);
  useAsked(state.unsaved > 0);
  return { sheet, state, page };
}

/**
 * What is not saved of a dataset's image is kept in this browser, so that a page that is closed loses
 * nothing. Of an upload nothing is: it may be a medical image. Then the browser asks before it closes.
 */
function keeper(image: AnnotatedImage) {
  const { state } = session;
  if (image.of === "upload" || state.status !== "signed-in")
    return { keep: () => {}, kept: (): Pending[] => [] };
  const name = `annotations.${state.user.id}.${nameOf(image)}`;
  return {
    keep: (pending: readonly Pending[]) =>
      store(name, pending.length > 0 ? JSON.stringify(pending) : null),
    kept: (): Pending[] => {
      try {
        return JSON.parse(stored(name) ?? "[]");
      } catch {
        return [];
      }
    },
  };
}

/** The browser asks before the page is closed. */
function useAsked(unsaved: boolean): void {
  useEffect(() => {
    if (!unsaved) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [unsaved]);
}

/** The label that the next box gets. */
export function useLabel(classes: readonly string[]) {
  const [label, setLabel] = useState(classes[0] ?? "");
  return { label: label || (classes[0] ?? ""), setLabel };
}
