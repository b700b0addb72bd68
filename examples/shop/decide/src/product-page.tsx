import { useEffect, useState } from "react";
import { useGlobalState, useStore } from "universal-state/react";
import { type Catalogue, loadCatalogue } from "./catalogue";
import { askedFor, type Context, PLACE, PRODUCT } from "./contract";
import { ProductDetails } from "./product-details";
import { Recommendations } from "./recommendations";

type Loading = { catalogue: Catalogue } | { failed: true } | undefined;

/** The product that the address names. */
export function ProductPage({ navigate, reportError }: Pick<Context, "navigate" | "reportError">) {
  const [place] = useGlobalState(PLACE);
  const [loading, setLoading] = useState<Loading>();
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    let isCurrent = true;
    loadCatalogue().then(
      (catalogue) => isCurrent && setLoading({ catalogue }),
      (error: unknown) => {
        if (isCurrent) {
          setLoading({ failed: true });
          reportError(error);
        }
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [attempt, reportError]);

  const retry = () => {
    setLoading(undefined);
    setAttempt((attempt) => attempt + 1);
  };

  const asked = place && askedFor(place);
  if (!asked || !loading) {
    return <Placeholder />;
  }
  if ("failed" in loading) {
    return (
      <div className="note" role="alert">
        <p>This product cannot be shown just now.</p>
        <button type="button" onClick={retry}>
          Try again
        </button>
      </div>
    );
  }
  return <Asked catalogue={loading.catalogue} {...asked} navigate={navigate} />;
}

interface AskedProps extends Pick<Context, "navigate"> {
  catalogue: Catalogue;
  id: string;
  sku: string | null;
}

/** The chosen variant is in the address and, for the other teams, in `shop:product`. */
function Asked({ catalogue, id, sku, navigate }: AskedProps) {
  const product = catalogue.products.find((product) => product.id === id);
  const variant = product?.variants.find((variant) => variant.sku === sku) ?? product?.variants[0];
  usePublished(product?.id, variant?.sku);
  if (!product || !variant) {
    return (
      <div className="note">
        <h1>Nothing here by that name</h1>
        <p>
          The shop has no such product, or not any more. <a href="/shop/">See what it has</a>
        </p>
      </div>
    );
  }
  return (
    <>
      <ProductDetails
        catalogue={catalogue}
        product={product}
        variant={variant}
        navigate={navigate}
      />
      <Recommendations catalogue={catalogue} skus={variant.recommendations} />
    </>
  );
}

/** Also if it was taken away by another version of this page that went as this one came. */
function usePublished(id: string | undefined, sku: string | undefined) {
  const store = useStore();
  const [published] = useGlobalState(PRODUCT);
  const isPublished = published?.id === id && published?.sku === sku;
  useEffect(() => {
    if (store && !isPublished) {
      if (id !== undefined && sku !== undefined) {
        store.set(PRODUCT, { id, sku }, "decide");
      } else {
        store.delete(PRODUCT, "decide");
      }
    }
  }, [store, id, sku, isPublished]);
  // Only the end of the page takes it away: between two variants nobody should see none.
  useEffect(() => () => void store?.delete(PRODUCT, "decide"), [store]);
}

/** As large as what comes, so that nothing jumps. */
function Placeholder() {
  return (
    <div className="product" aria-busy="true" aria-label="Loading the product">
      <div className="picture" />
      <div className="facts placeholder" aria-hidden="true">
        <i className="short" />
        <i className="tall" />
        <i />
        <i />
        <i className="block" />
      </div>
    </div>
  );
}
