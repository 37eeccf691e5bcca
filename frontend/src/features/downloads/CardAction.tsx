import { Download, Lock, RotateCcw } from "lucide-react";
import type { OfferedDataset, Problem } from "@/api/types";
import { Button, type ButtonProps } from "@/ui/Button";
import { capitalized } from "@/ui/format";
import { KeepFocus } from "@/ui/KeepFocus";
import { ProblemAct, useCanRetry } from "@/ui/ProblemAct";
import type { CardState } from "./cardState";
import { CancelButton, OpenLink, ResumeButton, RetryButton } from "./JobButtons";
import { useDiskSpace } from "./useDiskSpace";
import { useDownload } from "./useDownload";

interface CardActionProps {
  card: OfferedDataset;
  state: CardState;
  size?: ButtonProps["size"];
}

/** A card's one button. All its forms are of one width, so that nothing moves when it changes. */
export function CardAction(props: CardActionProps) {
  return (
    <KeepFocus of={props.state.kind}>
      <Action {...props} />
    </KeepFocus>
  );
}

function Action({ card, state, size = "md" }: CardActionProps) {
  switch (state.kind) {
    case "here":
      return <OpenLink datasetKey={card.key} title={card.title} size={size} />;
    case "active":
      return <CancelButton job={state.job} size={size} />;
    case "paused":
      return <ResumeButton job={state.job} size={size} />;
    case "deleting":
      return (
        <Button size={size} disabled className="min-w-28">
          Deleting…
        </Button>
      );
    case "ended":
      return <RetryButton job={state.job} size={size} />;
    case "refused":
      return <RefusedAction card={card} problem={state.problem} size={size} />;
    default:
      return <DownloadButton card={card} again={false} size={size} />;
  }
}

interface RefusedActionProps {
  card: OfferedDataset;
  problem: Problem;
  size: ButtonProps["size"];
}

/** Retry, or what must be done before it can help. */
function RefusedAction({ card, problem, size }: RefusedActionProps) {
  if (useCanRetry(problem)) return <DownloadButton card={card} again size={size} />;
  return <ProblemAct problem={problem} size={size} about={card.title} />;
}

interface DownloadButtonProps {
  card: OfferedDataset;
  again: boolean;
  size: ButtonProps["size"];
}

function DownloadButton({ card, again, size }: DownloadButtonProps) {
  const download = useDownload(card);
  const diskSpace = useDiskSpace(card.size_bytes);
  const Icon = again ? RotateCcw : card.gated ? Lock : Download;
  const word = again ? "Retry" : "Download";
  return (
    <Button
      variant={again ? "outline" : "soft"}
      size={size}
      disabled={download.isPending}
      data-download
      aria-label={`${word} ${card.title}`}
      title={diskSpace ? capitalized(diskSpace.text) : undefined}
      className="min-w-28"
      onClick={() => download.mutate()}
    >
      <Icon aria-hidden /> {word}
    </Button>
  );
}
