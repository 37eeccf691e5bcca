import { Images } from "lucide-react";
import { Suspense, useState } from "react";
import type { SamplesPlace } from "@/features/samples/queries";
import { Button } from "@/ui/Button";
import { lazily } from "@/ui/lazily";
import { Section } from "@/ui/Section";
import { Spinner } from "@/ui/Spinner";

const SamplesTab = lazily(() => import("@/features/samples/SamplesTab"));

/** The pictures of a dataset that is not here, out of the archive at its source, once somebody asks. */
export function SamplesAtSource({ place }: { place: SamplesPlace }) {
  const [asked, setAsked] = useState(false);
  return (
    <Section title="Samples">
      {asked ? (
        <Suspense fallback={<Spinner label="Opening…" />}>
          <SamplesTab place={place} />
        </Suspense>
      ) : (
        <Button onClick={() => setAsked(true)}>
          <Images aria-hidden /> Look at its samples at the source
        </Button>
      )}
    </Section>
  );
}
