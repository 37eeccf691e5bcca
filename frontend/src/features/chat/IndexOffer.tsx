import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { DatabaseZap, X } from "lucide-react";
import { useState } from "react";
import { indexCostsQuery } from "@/api/queries";
import { store } from "@/api/storage";
import { downloadWords } from "@/features/settings/indexWords";
import { Button, buttonClass } from "@/ui/Button";
import { DISMISSED, OFFER } from "./offered";

/** Offers the search index, once, below the first answer with datasets. */
export default function IndexOffer({ message }: { message: string }) {
  const [gone, setGone] = useState(false);
  const { data: index } = useQuery(indexCostsQuery);
  if (gone || index?.state !== "absent") return null;
  store(OFFER, message);
  const size = downloadWords(index.costs ?? []);
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 rounded-card border bg-card py-1 pr-1 pl-3 text-13">
      <p className="flex min-w-0 flex-1 basis-60 items-start gap-2">
        <DatabaseZap aria-hidden className="mt-0.5 size-4 shrink-0 text-muted" />
        <span>
          Search all of both hubs here: {size ?? "a download"} once, then milliseconds and no quota.
        </span>
      </p>
      <span className="flex items-center gap-1">
        <Link to="/settings/sources" hash="index" className={buttonClass("outline", "sm")}>
          Build
        </Link>
        <Button
          variant="ghost"
          size="icon"
          aria-label="Do not offer the search index again"
          title="Dismiss"
          onClick={() => {
            store(OFFER, DISMISSED);
            setGone(true);
          }}
        >
          <X aria-hidden />
        </Button>
      </span>
    </div>
  );
}
