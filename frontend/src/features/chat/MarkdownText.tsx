import { memo } from "react";
import Markdown from "./Markdown";

/** Words of an answer. They are read again only when they have changed. */
export const MarkdownText = memo(Markdown);
