/** What can be wished for, fetched once for all wish lists of this module. */

interface Catalogue {
  readonly currency: string;
  readonly products: readonly {
    readonly id: string;
    readonly name: string;
    readonly variants: readonly {
      readonly sku: string;
      readonly name: string;
      readonly price: number;
      readonly picture: string;
    }[];
  }[];
}

/** A variant, as the list shows it. */
export interface Article {
  readonly sku: string;
  readonly title: string;
  readonly href: string;
  readonly picture: string;
  readonly price: string;
}

const DATA = "/shop/data/";

let request: Promise<ReadonlyMap<string, Article>> | undefined;

/** All variants by SKU. What failed is forgotten, so that the next call tries again. */
export function loadArticles(): Promise<ReadonlyMap<string, Article>> {
  request ??= fetch(`${DATA}products.json`)
    .then((response) => {
      if (!response.ok) {
        throw new Error(`products.json: ${response.status}`);
      }
      return response.json() as Promise<Catalogue>;
    })
    .then(articlesOf)
    .catch((error: unknown) => {
      request = undefined;
      throw error;
    });
  return request;
}

function articlesOf({ currency, products }: Catalogue): ReadonlyMap<string, Article> {
  const prices = new Intl.NumberFormat(undefined, { style: "currency", currency });
  return new Map(
    products.flatMap(({ id, name, variants }) =>
      variants.map((variant) => [
        variant.sku,
        {
          sku: variant.sku,
          title: `${name}, ${variant.name}`,
          href: `/shop/product/${encodeURIComponent(id)}?sku=${encodeURIComponent(variant.sku)}`,
          picture: DATA + variant.picture,
          price: prices.format(variant.price / 100),
        },
      ]),
    ),
  );
}
