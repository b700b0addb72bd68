// @ts-check
// How many things are in the cart and what they come to, with a small list: the custom element
// `<shop-mini-cart>`. Nothing is built; the page loads this file.

/**
 * @typedef {{ sku: string, quantity: number }} Item
 * @typedef {{ items: readonly Item[] }} Cart
 * @typedef {{ id: string, name: string, variants: { sku: string, name: string, price: number, picture: string }[] }} Product
 * @typedef {{ currency: string, products: Product[] }} Catalogue
 * @typedef {{ sku: string, quantity: number, title: string, href: string, picture: string, price: number }} Line
 * @typedef {{
 *   get(key: string): unknown,
 *   subscribe(key: string, listener: (value: any) => void, options?: { immediate?: boolean, signal?: AbortSignal }): () => void,
 * }} Store
 * @typedef {{ store: Store, reportError(error: unknown): void }} Context
 */

const DATA = "/shop/data/";

const styles = `
:host { position: relative; display: inline-block; }
* { box-sizing: border-box; margin: 0; }
.toggle, .go {
  display: inline-flex; align-items: center; gap: var(--space-2);
  min-height: var(--control); padding: 0 var(--space-3);
  border: 1px solid var(--line-strong); border-radius: var(--radius-m);
  background: var(--surface); color: var(--text);
  font: 550 var(--type-s) / 1.4 var(--font); cursor: pointer; text-decoration: none; white-space: nowrap;
}
.toggle:hover { background: var(--hover); }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
svg { flex: none; width: 1.125rem; height: 1.125rem; fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linejoin: round; stroke-linecap: round; }
.count { min-width: 1.4rem; padding: 0 .35em; border-radius: .7rem; background: var(--ink); color: var(--on-ink); font-size: var(--type-xs); line-height: 1.4rem; text-align: center; font-variant-numeric: tabular-nums; }
.total, .price { font-variant-numeric: tabular-nums; }
.panel {
  position: absolute; inset: calc(100% + var(--space-2)) 0 auto auto; z-index: 4;
  width: min(22rem, calc(100vw - 2 * var(--space-4))); max-height: min(28rem, 75vh); overflow: auto;
  display: grid; gap: var(--space-3); padding: var(--space-4);
  border: 1px solid var(--line); border-radius: var(--radius-l);
  background: var(--surface); color: var(--text); box-shadow: 0 12px 36px light-dark(#171a2126, #00000080);
  font: 400 var(--type-s) / 1.45 var(--font);
}
.panel.from-left { inset-inline: 0 auto; }
.panel[hidden] { display: none; }
ul { display: grid; gap: var(--space-3); padding: 0; list-style: none; }
li { display: grid; grid-template-columns: 3rem minmax(0, 1fr) auto; align-items: center; gap: var(--space-3); }
img { width: 3rem; height: 3rem; border-radius: var(--radius-s); background: var(--sunken); }
li a { color: inherit; font-weight: 550; text-underline-offset: .2em; }
.quantity, .note { color: var(--text-muted); }
.foot { display: flex; align-items: center; justify-content: space-between; gap: var(--space-3); padding-top: var(--space-3); border-top: 1px solid var(--line); }
.go { border-color: var(--ink); background: var(--ink); color: var(--on-ink); }
.said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 30rem) { .total { display: none; } }
`;

const template = document.createElement("template");
template.innerHTML = `<style>${styles}</style>
<button class="toggle" type="button" aria-expanded="false" aria-controls="panel">
  <svg viewBox="0 0 20 20" aria-hidden="true"><path d="M4 7h12l-1 10H5zM7 7a3 3 0 0 1 6 0"/></svg>
  <span class="said">Cart, </span><span class="count"></span><span class="said" id="things"></span><span class="total"></span>
</button>
<div class="panel" id="panel" role="region" aria-label="Cart preview" hidden>
  <p class="note"></p>
  <ul></ul>
  <div class="foot"><strong class="total-of-list"></strong><a class="go" href="/shop/cart">Go to cart</a></div>
</div>
<p class="said" role="status"></p>`;

/** The one fetch of the catalogue, shared by all elements; forgotten if it fails, so that the next one tries again. */
/** @type {Promise<Catalogue> | undefined} */
let catalogue;

function loadCatalogue() {
  catalogue ??= fetch(`${DATA}products.json`)
    .then((response) => {
      if (!response.ok) throw new Error(`products.json: ${response.status}`);
      return response.json();
    })
    .catch((error) => {
      catalogue = undefined;
      throw error;
    });
  return catalogue;
}

/**
 * What can be shown of a cart: lines whose SKU the catalogue knows.
 *
 * @param {Cart | undefined} cart
 * @param {Catalogue} data
 * @returns {Line[]}
 */
function linesOf(cart, data) {
  const variants = new Map(
    data.products.flatMap((product) => product.variants.map((variant) => [variant.sku, { product, variant }])),
  );
  return (cart?.items ?? []).flatMap(({ sku, quantity }) => {
    const known = variants.get(sku);
    if (!known) return [];
    const { product, variant } = known;
    return {
      sku,
      quantity,
      title: `${product.name}, ${variant.name}`,
      href: `/shop/product/${encodeURIComponent(product.id)}?sku=${encodeURIComponent(sku)}`,
      picture: DATA + variant.picture,
      price: variant.price * quantity,
    };
  });
}

/** @param {number} count */
const things = (count) => (count === 1 ? "1 item" : `${count} items`);

class MiniCart extends HTMLElement {
  /** @type {Context | undefined} */
  context;
  #shadow = this.attachShadow({ mode: "open" });
  /** @type {AbortController | undefined} */
  #life;
  /** @type {Catalogue | undefined} */
  #data;
  /** @type {Cart | undefined} */
  #cart;
  /** What was shown last; nothing is announced before something was. */
  #shown = "";
  /** @type {Map<string, HTMLLIElement>} */
  #rows = new Map();

  connectedCallback() {
    const { context } = this;
    if (!context) throw new Error("<shop-mini-cart> needs its context before it is connected");
    this.#shadow.replaceChildren(template.content.cloneNode(true));
    this.#life = new AbortController();
    const { signal } = this.#life;
    this.#part(".toggle").addEventListener("click", () => this.#open(this.#part(".panel").hidden), { signal });
    this.addEventListener("keydown", (event) => event.key === "Escape" && this.#leave(), { signal });
    this.addEventListener("focusout", (event) => this.#closeUnless(event.relatedTarget), { signal });
    document.addEventListener("pointerdown", (event) => this.#closeUnless(event.target), { signal });
    context.store.subscribe("shop:place", () => this.#open(false), { signal });
    context.store.subscribe("cart", (cart) => this.#take(cart), { signal });
    this.#take(/** @type {Cart | undefined} */ (context.store.get("cart")));
    loadCatalogue().then(
      (data) => {
        if (signal.aborted) return;
        this.#data = data;
        this.#shown = "";
        this.#show();
      },
      (error) => {
        if (!signal.aborted) context.reportError(error);
      },
    );
  }

  disconnectedCallback() {
    this.#life?.abort();
    this.#rows.clear();
    this.#shown = "";
    this.#shadow.replaceChildren();
  }

  /** @param {Cart | undefined} cart */
  #take(cart) {
    this.#cart = cart;
    this.#show();
  }

  /**
   * @param {string} selector
   * @returns {HTMLElement}
   */
  #part(selector) {
    return /** @type {HTMLElement} */ (this.#shadow.querySelector(selector));
  }

  /** Without the catalogue there are no names and no prices, but still a number. */
  #show() {
    const data = this.#data;
    const lines = data && linesOf(this.#cart, data);
    const count = (lines ?? this.#cart?.items ?? []).reduce((sum, { quantity }) => sum + quantity, 0);
    const total = lines && data ? money(lines.reduce((sum, { price }) => sum + price, 0), data.currency) : "";
    this.#part(".count").textContent = String(count);
    this.#part("#things").textContent = count === 1 ? " item, " : " items, ";
    this.#part(".total").textContent = total;
    this.#part(".total-of-list").textContent = total && `Total ${total}`;
    const note = this.#part(".note");
    note.textContent = count === 0 ? "Nothing in the cart yet." : lines ? "" : "What is in it cannot be shown just now.";
    note.hidden = note.textContent === "";
    this.#showLines(lines ?? [], data?.currency ?? "");
    this.#announce(count === 0 ? "The cart is empty." : `Cart: ${things(count)}${total && `, ${total}`}.`);
  }

  /**
   * A row stays the same element while its SKU is in the cart, so that the focus stays in it.
   *
   * @param {Line[]} lines
   * @param {string} currency
   */
  #showLines(lines, currency) {
    const rows = new Map(lines.map((line) => [line.sku, this.#rows.get(line.sku) ?? row(line)]));
    for (const [sku, element] of this.#rows) if (!rows.has(sku)) element.remove();
    this.#rows = rows;
    const list = this.#part("ul");
    list.hidden = lines.length === 0;
    lines.forEach((line, index) => {
      const element = /** @type {HTMLLIElement} */ (rows.get(line.sku));
      if (list.children[index] !== element) list.insertBefore(element, list.children[index] ?? null);
      text(element, ".quantity", `Quantity ${line.quantity}`);
      text(element, ".price", money(line.price, currency));
    });
  }

  /**
   * Says what changed, not what was there when the page came.
   *
   * @param {string} sentence
   */
  #announce(sentence) {
    if (this.#shown && this.#shown !== sentence) this.#part("[role=status]").textContent = sentence;
    this.#shown = sentence;
  }

  /** @param {boolean} isOpen */
  #open(isOpen) {
    const panel = this.#part(".panel");
    panel.hidden = !isOpen;
    // Wherever the page has put the cart, the list does not begin left of what can be seen.
    panel.classList.remove("from-left");
    panel.classList.toggle("from-left", isOpen && panel.getBoundingClientRect().left < 0);
    this.#part(".toggle").setAttribute("aria-expanded", String(isOpen));
  }

  /** Closes it, and leaves the focus on what opened it. */
  #leave() {
    if (this.#part(".panel").hidden) return;
    this.#open(false);
    this.#part(".toggle").focus();
  }

  /** @param {EventTarget | null} target where the focus or the pointer went; `null` is out of the page */
  #closeUnless(target) {
    if (target !== this && target !== null) this.#open(false);
  }
}

/** @param {Line} line */
function row(line) {
  const element = document.createElement("li");
  const picture = document.createElement("img");
  picture.src = line.picture;
  picture.alt = "";
  const name = document.createElement("p");
  const link = document.createElement("a");
  link.href = line.href;
  link.textContent = line.title;
  const quantity = document.createElement("span");
  quantity.className = "quantity";
  name.append(link, document.createElement("br"), quantity);
  const price = document.createElement("span");
  price.className = "price";
  element.append(picture, name, price);
  return element;
}

/**
 * @param {Element} element
 * @param {string} selector
 * @param {string} content
 */
function text(element, selector, content) {
  const part = element.querySelector(selector);
  if (part && part.textContent !== content) part.textContent = content;
}

/**
 * @param {number} cents
 * @param {string} currency
 */
const money = (cents, currency) =>
  new Intl.NumberFormat(undefined, { style: "currency", currency }).format(cents / 100);

/**
 * A name can be given once a page. Another version of this file, loaded later, takes the next one.
 */
function define() {
  let name = "shop-mini-cart";
  for (let next = 2; customElements.get(name); next += 1) name = `shop-mini-cart-${next}`;
  customElements.define(name, MiniCart);
}

define();

/**
 * @param {HTMLElement} element
 * @param {Context} context
 */
export function mount(element, context) {
  const cart = new MiniCart();
  cart.context = context;
  element.replaceChildren(cart);
}

/** @param {HTMLElement} element */
export function unmount(element) {
  element.replaceChildren();
}
