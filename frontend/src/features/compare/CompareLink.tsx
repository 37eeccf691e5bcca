import { Link } from "@tanstack/react-router";
import { Columns3 } from "lucide-react";
import { Button, buttonClass } from "@/ui/Button";
import { whyNot } from "./refs";

/** To the datasets side by side, where there are neither too few nor too many. */
export function CompareLink({ refs }: { refs: readonly string[] }) {
  const different = [...new Set(refs)];
  const reason = whyNot(different.length);
  if (reason) {
    return (
      <Button size="sm" disabled title={reason}>
        <Columns3 aria-hidden /> Compare
      </Button>
    );
  }
  return (
    <Link to="/compare" search={{ ref: different }} className={buttonClass("outline", "sm")}>
      <Columns3 aria-hidden /> Compare
    </Link>
  );
}
