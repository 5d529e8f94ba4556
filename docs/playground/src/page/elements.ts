/** An element of index.html, which must be there and of this kind. */
export function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`byId: expected ${kind.name} with the id ${id} in index.html but found ${found?.tagName ?? 'nothing'}.`);
  return found;
}

interface Content {
  readonly className?: string;
  /** Always as text: what visitors and models write is never read as markup. */
  readonly text?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** A new element with its content. */
export function make<K extends keyof HTMLElementTagNameMap>(tag: K, { className, text, attributes = {} }: Content = {}, children: readonly Node[] = []): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className !== undefined) element.className = className;
  if (text !== undefined) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A new element of an SVG. */
export function draw(tag: string, attributes: Readonly<Record<string, string | number>>, text?: string): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}
