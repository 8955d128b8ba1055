import type { ComponentChildren } from "preact";
import { Icon } from "./Icon";

interface PageProps {
  title: string;
  /** One sentence that says what the page is for. */
  lead?: string;
  /** The way back to the page above: its address and name. */
  back?: { href: string; text: string };
  /** Buttons at its head. */
  actions?: ComponentChildren;
  children: ComponentChildren;
}

/** The frame of a page: its heading, what can be done, its content. */
export function Page({ title, lead, back, actions, children }: PageProps) {
  return (
    <div class="page">
      {back && <p><a class="tool quiet back" href={back.href}><Icon name="back" />{back.text}</a></p>}
      <header class="page-head">
        <div>
          <h1>{title}</h1>
          {lead !== undefined && <p class="muted">{lead}</p>}
        </div>
        {actions !== undefined && <div class="actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

interface SectionProps {
  title: string;
  lead?: string;
  actions?: ComponentChildren;
  children: ComponentChildren;
}

/** A part of a page with a heading of its own, on a card. */
export function Section({ title, lead, actions, children }: SectionProps) {
  return (
    <section class="section">
      <header>
        <div>
          <h2>{title}</h2>
          {lead !== undefined && <p class="muted">{lead}</p>}
        </div>
        {actions !== undefined && <div class="actions">{actions}</div>}
      </header>
      {children}
    </section>
  );
}
