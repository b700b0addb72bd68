import { useId } from "react";
import { type Catalogue, find, money, pictureOf } from "./catalogue";
import { addressOf } from "./contract";

/** What goes well with the chosen variant. */
export function Recommendations({
  catalogue,
  skus,
}: {
  catalogue: Catalogue;
  skus: readonly string[];
}) {
  const heading = useId();
  const found = find(catalogue, skus);
  if (found.length === 0) {
    return null;
  }
  return (
    <section className="recommendations" aria-labelledby={heading}>
      <h2 id={heading}>Goes well with it</h2>
      <ul>
        {found.map(({ product, variant }) => (
          <li key={variant.sku}>
            <a href={addressOf(product.id, variant.sku)}>
              <img src={pictureOf(variant)} alt="" width="240" height="240" />
              <strong>{product.name}</strong>
              <span>{variant.name}</span>
              <span>{money(variant.price, catalogue.currency)}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
