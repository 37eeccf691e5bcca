import { clsx } from "clsx";
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
  about: string;
}

/**
 * What mends a problem, in the place and about the width of Retry: the screen where it is done here,
 * else the page elsewhere.
 */
export function ProblemAct({ problem, size = "md", about }: ProblemActProps) {
  const act = actOf(problem);
  if (!act) return null;
  const { words, of, icon: Icon } = act;
  const narrow = size === "icon";
  const label = `${words}${of ? ` for ${of}` : ""}: ${about}`;
  const className = clsx(buttonClass("soft", size), !narrow && "min-w-28");
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

interface Act {
  words: string;
  of?: string;
  icon: LucideIcon;
}

function actOf({ screen, link, code }: Told): Act | null {
  const [path, form] = screen?.split("#") ?? [];
  if (path === "/settings/sources" && form) {
    const words = code === "credential_rejected" ? "Replace key" : "Add key";
    return { words, of: sourceLabel(form), icon: KeyRound };
  }
  if (path?.startsWith("/library")) return { words: "Free space", icon: Trash2 };
  if (screen) return { words: "Settings", icon: Settings2 };
  // Only http and https: a link may come from a dataset's author.
  if (!link || !/^https?:\/\//i.test(link)) return null;
  return { words: TERMS.has(code) ? "Licence page" : "Open page", icon: Arrow };
}

/** Where these have a page, it is one with terms to accept. */
const TERMS = new Set(["gated", "source_not_configured"]);

/** Terms keep the files back. Kaggle tells of them only when its files are asked for. */
export function asksForTerms(problem: Told | null | undefined): boolean {
  return Boolean(problem?.link) && TERMS.has(problem?.code ?? "");
}

/** The words of the link to a problem's page elsewhere. */
export function pageWords(code: string): string {
  return TERMS.has(code) ? "Open the licence page" : "Open the page";
}

/** What is done on the screen that a problem leads to. */
export function screenWords(screen: string, code = ""): string {
  const [path, form] = screen.split("#");
  if (path === "/settings/sources" && form) {
    const verb = code === "credential_rejected" ? "Replace" : "Add";
    return `${verb} ${sourceLabel(form)} key`;
  }
  if (path === "/settings/model") return code === "offline" ? "Use a model" : "Model settings";
  if (path?.startsWith("/uploads")) return "Open uploads";
  return path?.startsWith("/library") ? "Free up space" : "Open settings";
}
