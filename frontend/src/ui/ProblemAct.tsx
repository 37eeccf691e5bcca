import { ExternalLink as Arrow, KeyRound, type LucideIcon, Settings2, Trash2 } from "lucide-react";
import type { ProblemView } from "@/api/types";
import { type ButtonProps, buttonClass } from "./Button";
import { ScreenLink } from "./ScreenLink";
import { sourceLabel } from "./sources";
import { noteVisit, useVisited } from "./visited";

export type Told = Pick<ProblemView, "code" | "link" | "screen" | "retryable">;

/**
 * Whether trying again can help. Where a page elsewhere asks for something first, only once it was
 * opened.
 */
export function useCanRetry(problem: Told | null | undefined): boolean {
  const opened = useVisited(problem?.screen ? null : problem?.link);
  return problem?.retryable !== false || opened;
}

interface ProblemActProps {
  problem: Told;
  size?: ButtonProps["size"];
  /** What it is about, for screen readers. */
  about?: string;
}

/** What mends a problem, as a button: the screen where it is done here, else the page elsewhere. */
export function ProblemAct({ problem, size = "md", about }: ProblemActProps) {
  const narrow = size === "icon";
  const found = actOf(problem);
  if (!found) return null;
  const { words, icon: Icon } = found;
  const label = about ? `${words}: ${about}` : words;
  const className = buttonClass("soft", size);
  const content = (
    <>
      <Icon aria-hidden /> {!narrow && words}
    </>
  );
  if (problem.screen) {
    return (
      <ScreenLink screen={problem.screen} className={className} label={label}>
        {content}
      </ScreenLink>
    );
  }
  const href = problem.link ?? "";
  return (
    <a
      href={href}
      target="_blank"
      rel="noopener noreferrer"
      aria-label={`${label} (opens a new tab)`}
      title={label}
      className={className}
      onClick={() => noteVisit(href)}
    >
      {content}
    </a>
  );
}

/** The words of the link to a problem's page elsewhere. */
export function pageWords(code: string): string {
  return code === "gated" ? "Open the licence page" : "Open the page";
}

function actOf(problem: Told): { words: string; icon: LucideIcon } | null {
  const { screen, link, code } = problem;
  if (screen) return { words: screenWords(screen, code), icon: screenIcon(screen) };
  // Only http and https: a link may come from a dataset's author.
  if (link && /^https?:\/\//i.test(link)) return { words: pageWords(code), icon: Arrow };
  return null;
}

/** What is done on the screen that a problem leads to. */
export function screenWords(screen: string, code = ""): string {
  const [path, form] = screen.split("#");
  if (path === "/settings/sources" && form) {
    const verb = code === "credential_rejected" ? "Replace" : "Add";
    return `${verb} ${sourceLabel(form)} key`;
  }
  if (path === "/settings/model") return code === "offline" ? "Use a model" : "Model settings";
  return path === "/library" ? "Free up space" : "Open settings";
}

function screenIcon(screen: string): LucideIcon {
  if (screen.startsWith("/library")) return Trash2;
  return screen.startsWith("/settings/sources") ? KeyRound : Settings2;
}
