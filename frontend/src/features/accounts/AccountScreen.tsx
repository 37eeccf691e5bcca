import { Ship } from "lucide-react";
import type { ReactNode } from "react";
import { useTitle } from "@/ui/useTitle";

interface AccountScreenProps {
  title: string;
  intro: string;
  children: ReactNode;
}

/** One column in the middle of the page: the screens before somebody is signed in. */
export function AccountScreen({ title, intro, children }: AccountScreenProps) {
  useTitle(title);
  return (
    <main id="main" className="grid min-h-full place-content-center px-4 py-10">
      <div className="grid w-[calc(100vw-2rem)] max-w-sm grid-cols-1 gap-6">
        <header>
          <p className="mb-6 flex items-center gap-2 text-15 font-semibold">
            <Ship aria-hidden className="size-5 text-accent" /> Dataferry
          </p>
          <h1 className="text-24 font-semibold tracking-tight">{title}</h1>
          <p className="text-14 text-balance text-muted">{intro}</p>
        </header>
        {children}
      </div>
    </main>
  );
}
