import { useId } from "react";
import { useGlobalState } from "universal-state/react";
import { type Catalogue, money, pictureOf, type Product, type Variant } from "./catalogue";
import { addressOf, CART, type Context, withOneMore } from "./contract";

interface Props extends Pick<Context, "navigate"> {
  catalogue: Catalogue;
  product: Product;
  variant: Variant;
}

export function ProductDetails({ catalogue, product, variant, navigate }: Props) {
  const category = catalogue.categories.find(({ id }) => id === product.category);
  return (
    <article className="product" aria-label={product.name}>
      <img
        className="picture"
        src={pictureOf(variant)}
        alt={`${product.kind} ${product.name} in ${variant.name}`}
        width="480"
        height="480"
      />
      <div className="facts">
        <header>
          {category && (
            <p className="category">
              <a href={`/shop/products/${encodeURIComponent(category.id)}`}>{category.name}</a>
            </p>
          )}
          <h1>{product.name}</h1>
          <p className="kind">{product.kind}</p>
        </header>
        <p className="price">{money(variant.price, catalogue.currency)}</p>
        <Variants
          product={product}
          chosen={variant}
          choose={(sku) => navigate(addressOf(product.id, sku), { replace: true })}
        />
        <AddToCart sku={variant.sku} />
        <p>{product.text}</p>
        <ul className="materials" aria-label="Materials">
          {product.materials.map((material) => (
            <li key={material}>{material}</li>
          ))}
        </ul>
      </div>
    </article>
  );
}

interface VariantsProps {
  product: Product;
  chosen: Variant;
  choose(sku: string): void;
}

function Variants({ product, chosen, choose }: VariantsProps) {
  const name = useId();
  return (
    <fieldset className="variants">
      <legend>
        Colour: <span>{chosen.name}</span>
      </legend>
      <div>
        {product.variants.map(({ sku, name: label, colour }) => (
          <label key={sku}>
            <input
              type="radio"
              name={name}
              value={sku}
              checked={sku === chosen.sku}
              onChange={() => choose(sku)}
            />
            <i style={{ background: colour }} aria-hidden="true" />
            {label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function AddToCart({ sku }: { sku: string }) {
  const [cart, setCart] = useGlobalState(CART);
  const count = cart?.items.find((item) => item.sku === sku)?.quantity ?? 0;
  return (
    <div className="add">
      <button type="button" onClick={() => setCart((cart) => withOneMore(cart, sku))}>
        Add to cart
      </button>
      <span>{count > 0 && `${count} in the cart`}</span>
    </div>
  );
}
