"""The English of a diagnosis: one line for each kind of mistake, and its variants.

A line of SAYS goes on after "yours" or "it", one of MENDS before ": the right line of code".
Besides its own details a kind may use {q} the quantity, {of} the parameter or value it is the
derivative of, {m}, {size}, {slope} g'(Z) of its layer, {layer} and {sources}, what a consequence
follows from.

Read next: `nn.diagnosis.messages`, which chooses and fills them.
"""

__all__ = ["MENDS", "NOTES", "SAYS", "SIZES", "WORDS"]

SAYS = {
    "constant_factor": "is {as_text} times the right value",
    "constant_factor.size": "divides by {number} where m = {m} belongs",
    "missing_1_over_m": "lacks the 1/m, so it is m = {m} times too large",
    "extra_1_over_m.dZ": "divides by m = {m}; in dZ and dA of the summed loss there is no 1/m",
    "extra_1_over_m.dW": "divides by m = {m} once more than it should",
    "sum_instead_of_mean": "sums over the {m} examples where their mean belongs",
    "sign": "has the opposite sign",
    "transposed.whole": "is the transpose of the right value",
    "transposed.missing": "does not transpose {operand}",
    "transposed.extra": "transposes {operand}, which should stay as it is",
    "wrong_axis.0": "sums over the units (axis 0) instead of the examples (axis 1)",
    "wrong_axis.all": "sums over everything; each unit has a sum of its own",
    "wrong_axis.none": "does not sum over the examples",
    "missing_keepdims": "has the right numbers in the shape {shape}; {of} is a column, {size}",
    "wrong_operand": "uses {used} where {expected} belongs",
    "missing_operand": "leaves out {operand}",
    "missing_activation_derivative": "leaves out {slope}; layer {layer} is {activation}",
    "wrong_activation_derivative.of_a": "takes {slope} at A instead of Z, as {used}",
    "wrong_activation_derivative.other_activation": "takes the derivative of {used_activation}; "
    "layer {layer} is {activation}",
    "wrong_activation_derivative.other_layer": "takes another layer's {used} for {slope}",
    "wrong_activation_derivative.twice": "multiplies by {slope} twice",
    "wrong_activation_derivative.value": "multiplies by {activation} itself"
    " instead of its derivative {slope}",
    "wrong_activation_derivative.malformed": "multiplies by {used}; "
    "the derivative of {activation} is {expected}",
    "wrong_layer_cache": "uses {used} where {expected} belongs",
    "wrong_activation": "is not {activation}, which layer {layer} has",
    "matmul_vs_elementwise.@": "multiplies elementwise (*) where a matrix product (@) belongs",
    "matmul_vs_elementwise.*": "has a matrix product (@) where an elementwise one (*) belongs",
    "missing_term": "leaves out the term {term}",
    "extra_term.decay": "adds {product}, weight decay, which is not in this J",
    "extra_term.other": "has {product} too much",
    "wrong_loss_derivative.named": "is the derivative of {used_loss}; the loss is {loss}",
    "wrong_loss_derivative.unnamed": "is not the derivative of {loss}",
    "one_example_only": "takes example {example} alone (counted from 0) of the {m} examples",
    "wrong_quantity": "has the values of {used}",
    "shape": "has the shape {received}; expected {expected}",
    "dtype_or_integer_division.truncated": "is cut off to whole numbers ({dtype})",
    "dtype_or_integer_division.rounded": "is rounded to whole numbers ({dtype})",
    "dtype_or_integer_division.floor": "is rounded down to whole numbers ({dtype}), as // does",
    "dtype_or_integer_division.zero": "is 0 ({dtype}), as 1 // m is",
    "precision": "is right but lossy: {dtype}, relative error {error:.0e}",
    "nan_or_inf.one": "is {what} in one entry",
    "nan_or_inf.many": "is {what} in {count} entries",
    "all_zero": "is 0 everywhere",
    "error.line": "raises {error}: {text} (line {line}: {code})",
    "error.nowhere": "raises {error}: {text}",
    "not_numbers": "is of type {what}; expected an array of numbers",
    "consequence": "is computed rightly from a wrong {sources}",
    "ambiguous": "fits {candidates} mistakes alike, which these inputs do not tell apart",
    "unknown": "is wrong, and no mistake known here explains it",
}

MENDS = {
    "constant_factor": "drop the factor {as_text}",
    "constant_factor.size": "divide by m, the number of columns of X: m = X.shape[1]",
    "missing_1_over_m": "divide by m",
    "extra_1_over_m.dZ": "do not divide by m here; dW and db do",
    "extra_1_over_m.dW": "divide by m once",
    "sum_instead_of_mean": "divide the sum by m",
    "sign": "turn the sign round",
    "transposed.whole": "swap the factors with their transposes, or add .T",
    "transposed.missing": "write {operand}.T for {operand}",
    "transposed.extra": "write {operand} for {operand}.T",
    "wrong_axis.0": "write axis=1 for axis=0",
    "wrong_axis.all": "sum with axis=1, keepdims=True",
    "wrong_axis.none": "sum with axis=1, keepdims=True",
    "missing_keepdims": "add keepdims=True",
    "wrong_operand": "write {expected} for {used}",
    "missing_operand": "multiply by {operand}",
    "missing_activation_derivative": "multiply by {slope}",
    "wrong_activation_derivative": "write {expected} for {used}",
    "wrong_activation_derivative.twice": "multiply by {slope} once",
    "wrong_layer_cache": "write {expected} for {used}",
    "wrong_activation": "write {expected} for {used}",
    "matmul_vs_elementwise": "write {expected} for {used}",
    "missing_term": "add {term}",
    "extra_term": "drop {product}",
    "wrong_loss_derivative": "write {expected} for {used}",
    "one_example_only": "use all columns, not column {example}",
    "wrong_quantity": "compute {q} by its own equation, not as {used}",
    "shape": "compare the sizes of the factors with those in the equation",
    "dtype_or_integer_division": "compute in float64, with / rather than //",
    "precision": "compute in float64 ({dtype} loses digits)",
    "nan_or_inf": "look for log(0), a division by 0 or an exp that overflows",
    "all_zero": "assign the result; nothing should overwrite it with zeros",
    "error": "mend that line first",
    "not_numbers": "give an array of numbers",
    "consequence": "nothing to mend here; mend {sources}",
    "ambiguous": "take inputs that tell them apart (several examples, unequal sizes), or compare",
    "unknown": "compare with",
    "unknown.inputs": "hand in {not_given} too, where the mistake may be; else compare with",
}

# Symbols are n[l] and m; `symbols` is the size they make.
SIZES = {
    "same": "{q} has the size of {of}: {symbols} = {size}",
    "product": "inner sizes agree: {left} {left_symbols} @ {right} {right_symbols} → {symbols}",
    "elementwise": "* takes two arrays of one size: {symbols} = {size}",
    "operands": "{expected} is {expected_symbols}, {used} is {used_symbols}",
}

NOTES = {
    "derivatives_of_J": "your dZ and dA are derivatives of J, 1/m already in them: consistent, "
    "though the lecture has its 1/m in dW and db",
    "variables": "not handed in, but variables of your function, so looked at: {quantities}",
    "float32": "compared within the precision of float32: {quantities}",
    "not_given": "not among yours, so not checked: {quantities}",
    "not_understood": "no quantities of this network, so not looked at: {names}",
    "nothing_to_check": "none of the network's dZ, dA, dW, db is there; name them dW1, db1, …",
}

WORDS = {
    "right_alone": "{right}; yours {says}",
    "right_and_yours": "{right}; yours is {yours}: it {says}",
    "no_equation": "{q} {says}",
    "inferred": " ({q} is not among yours: inferred from the others)",
    "colon": ": ",
    "perhaps": "perhaps",
    "it": "it {says}",
    "and": " and ",
    "comma": ", ",
    "quantity": "quantity",
    "error": "relative error",
    "finding": "finding",
    "follows": "follows from {sources}",
    "at": "at {index}",
    "value": "value",
    "numbers": "yours {received}, right {expected}",
    "on_inputs": " (on each of {inputs} sets of inputs)",
    "size": "size rule",
    "mend": "mend",
    "ok_one": "✓ {names} agrees with the equations",
    "ok": "✓ all {count} quantities agree with the equations",
    "incomplete": "; not checked: {names}",
    "nothing": "✗ nothing was checked",
    "wrong_one": "✗ the mistake is in {first}",
    "before": "✗ the first mistake is in {first} or in what it is computed from",
    "wrong": "✗ the first of {count} mistakes is in {first}",
    "others_one": "; one other quantity follows from what is wrong",
    "others": "; {others} other quantities follow from what is wrong",
}
