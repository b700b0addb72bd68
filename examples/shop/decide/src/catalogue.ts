/** The catalogue, fetched once for all product pages of this module. */

export interface Variant {
  readonly sku: string;
  readonly name: string;
  readonly colour: string;
  /** In cents. */
  readonly price: number;
  readonly picture: string;
  readonly recommendations: readonly string[];
}

export interface Product {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly category: string;
  readonly text: string;
  readonly materials: readonly string[];
  readonly variants: readonly Variant[];
}

export interface Catalogue {
  /** ISO 4217. */
  readonly currency: string;
  readonly categories: readonly { readonly id: string; readonly name: string }[];
  readonly products: readonly Product[];
}

const DATA = "/shop/data/";

let request: Promise<Catalogue> | undefined;

/** What failed is forgotten, so that the next call tries again. */
export function loadCatalogue(): Promise<Catalogue> {
  request ??= fetch(`${DATA}products.json`)
    .then((response) => {
      if (!response.ok) {
        throw new Error(`products.json: ${response.status}`);
      }
      return response.json() as Promise<Catalogue>;
    })
    .catch((error: unknown) => {
      request = undefined;
      throw error;
    });
  return request;
}

export function pictureOf(variant: Variant): string {
  return DATA + variant.picture;
}

/** The variants under these SKUs, each with its product; those that are not sold any more are left out. */
export function find(
  catalogue: Catalogue,
  skus: readonly string[],
): readonly { product: Product; variant: Variant }[] {
  return skus.flatMap((sku) => {
    for (const product of catalogue.products) {
      const variant = product.variants.find((variant) => variant.sku === sku);
      if (variant) {
        return { product, variant };
      }
    }
    return [];
  });
}

/** A price as people of the browser's language write it. */
export function money(cents: number, currency: string): string {
  return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(cents / 100);
}
