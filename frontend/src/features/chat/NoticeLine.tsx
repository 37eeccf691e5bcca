import { Info } from "lucide-react";
import { screenWords } from "@/ui/ProblemAct";
import { ScreenLink } from "@/ui/ScreenLink";
import type { Notice } from "./parts";

/** Something said beside an answer, e.g. that the model failed and keyword search answered. */
export function NoticeLine({ notice }: { notice: Notice }) {
  return (
    <p className="flex items-start gap-2 text-13 text-muted">
      <Info aria-hidden className="mt-0.5 size-3.5 shrink-0" />
      <span className="min-w-0 wrap-anywhere">
        {notice.text}
        {notice.screen && (
          <>
            {" "}
            <ScreenLink screen={notice.screen}>
              {screenWords(notice.screen, notice.kind)}
            </ScreenLink>
          </>
        )}
      </span>
    </p>
  );
}
