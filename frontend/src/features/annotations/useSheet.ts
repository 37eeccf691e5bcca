import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { connection, session } from "@/api/client";
import { ProblemError, UNREACHABLE } from "@/api/problem";
import { store, stored } from "@/api/storage";
import type { Problem } from "@/api/types";
import { type AnnotatedImage, listOf, nameOf, remoteOf } from "./queries";
import { type Pending, type Remote, Sheet } from "./sheet";

/** Others draw at the same time. */
const LOOK_AGAIN_MS = 15_000;

/** Those that are open, and those that were left before all was saved: they go on until it is. */
const sheets = new Map<string, Sheet>();

/** What I draw on an image, and what is there of everybody. */
export function useSheet(image: AnnotatedImage) {
  const name = nameOf(image);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the name tells all of the image
  const sheet = useMemo(() => sheetOf(image), [name]);
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
      const { unsaved, troubles } = sheet.state();
      if (unsaved > 0) sheet.again();
      else if (troubles.size === 0) forget(sheet);
    };
  }, [sheet]);
  useAsked(state.unsaved > 0);
  return { sheet, state, page };
}

function sheetOf(image: AnnotatedImage): Sheet {
  const user = userId();
  const name = `annotations.${user}.${nameOf(image)}`;
  let sheet = sheets.get(name);
  if (!sheet) {
    const { keep, kept } = keeper(name, image.of === "dataset");
    sheet = new Sheet(ofUser(remoteOf(image), user), keep, kept());
    sheets.set(name, sheet);
  }
  return sheet;
}

function forget(sheet: Sheet): void {
  for (const [name, one] of sheets) if (one === sheet) sheets.delete(name);
}

function userId(): string {
  const { state } = session;
  return state.status === "signed-in" ? state.user.id : "";
}

const SIGNED_OUT: Problem = {
  ...UNREACHABLE,
  code: "not_signed_in",
  status: 401,
  title: "Sign in first",
  detail: "You have signed out since.",
  next_step: "Sign in again.",
};

/** What somebody has drawn is never saved as another's, who signs in after them. */
function ofUser(remote: Remote, user: string): Remote {
  const check = async () => {
    if (userId() !== user) throw new ProblemError(SIGNED_OUT);
  };
  return {
    create: (draft) => check().then(() => remote.create(draft)),
    change: (draft, version) => check().then(() => remote.change(draft, version)),
    remove: (id, version) => check().then(() => remote.remove(id, version)),
  };
}

/**
 * What is not saved of a dataset's image is kept in this browser, so that a page that is closed loses
 * nothing. Of an upload nothing is: it may be a medical image. Then the browser asks before it closes.
 */
function keeper(name: string, lasting: boolean) {
  return {
    keep: (pending: readonly Pending[]) => {
      if (lasting) store(name, pending.length > 0 ? JSON.stringify(pending) : null);
    },
    kept: (): Pending[] => {
      try {
        return JSON.parse((lasting ? stored(name) : null) ?? "[]");
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
