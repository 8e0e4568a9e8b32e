"""The closed list of the kinds of mistakes that `diagnose` names, and what each says of itself.

Read next: `nn.diagnosis.findings`.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["KINDS", "NOTES", "Kind"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of mistake means, and the keys of its findings' `details`.

    Attributes:
        meaning: one sentence.
        details: the keys, each described in `KINDS`' comments; all are always there.
    """

    meaning: str
    details: tuple[str, ...] = ()


# Quantities and operands are named as in code: dW2, W1, A0 (= X), Y, m. Factors are of the whole
# right-hand side: yours = factor * right.
KINDS: dict[str, Kind] = {
    # factor: 2.0; as_text: "2", "1/2", "m/2", "2*m", "m/n[0]", or its digits where it has no name
    "constant_factor": Kind("the right equation times a constant", ("factor", "as_text")),
    "missing_1_over_m": Kind("the right equation without its 1/m"),
    "extra_1_over_m": Kind("the right equation with a 1/m that does not belong"),
    "sum_instead_of_mean": Kind("a sum over the examples where their mean belongs (db)"),
    "sign": Kind("the right equation with the opposite sign"),
    # operand: what is transposed though it should not be, or not though it should; the quantity
    # itself where the whole result is
    "transposed": Kind("a transpose too many or too few", ("operand",)),
    # axis: what was summed over: 0, "all" (of both axes), "none" (not summed)
    "wrong_axis": Kind("summed over another axis than the examples'", ("axis",)),
    "missing_keepdims": Kind("right numbers, but flat: keepdims=True is missing", ("shape",)),
    # expected: the operand of the equation; used: the one found in its place. Operands are names,
    # or short expressions of them: "A2 - Y"
    "wrong_operand": Kind("one operand in another's place", ("expected", "used")),
    "missing_operand": Kind("a factor of the equation is left out", ("operand",)),
    # activation: the layer's, whose g' is missing
    "missing_activation_derivative": Kind("g'(Z) is left out", ("activation",)),
    # variant: "of_a" (g'(A) for g'(Z)), "other_activation" (another's g'), "other_layer" (another
    # layer's g'(Z), or this g' of another layer's values), "twice" (g'(Z) a second time), "value"
    # (g for g'), "malformed" (an expression near g', such as 1 - A for 1 - A**2);
    # expected, used: code; activation: the layer's; used_activation: the one used, or None
    "wrong_activation_derivative": Kind(
        "another factor where g'(Z) belongs",
        ("variant", "activation", "used_activation", "expected", "used"),
    ),
    # expected, used: "A1" and "A2", "X", "Z1", "np.tanh(A1)". Values of other parameters (stale
    # ones, from before an update) have no name here: nobody knows those parameters
    "wrong_layer_cache": Kind(
        "values of another layer, or computed again wrongly", ("expected", "used")
    ),
    # expected, used: "*" and "@"
    # activation: the layer's; expected, used: code
    "wrong_activation": Kind(
        "another function where g(Z) belongs", ("activation", "expected", "used")
    ),
    "matmul_vs_elementwise": Kind(
        "a matrix product for an elementwise one, or the reverse", ("expected", "used")
    ),
    "missing_term": Kind("a term of the sum is left out", ("term",)),
    # term: "W2" (weight decay), "Y", …; coefficient: what it is multiplied by, a number; as_text:
    # the coefficient's name where it has one ("1/m"), else its digits
    "extra_term": Kind("a term too many", ("term", "coefficient", "as_text")),
    # loss: the network's; used_loss: the loss whose derivative it is, or None; expected, used: code
    "wrong_loss_derivative": Kind(
        "the derivative of another loss, or of this one with a wrong sign within",
        ("loss", "used_loss", "expected", "used"),
    ),
    # example: its number, from 0
    "one_example_only": Kind("one example where the sum over all belongs", ("example",)),
    # used: the quantity whose values these are
    "wrong_quantity": Kind("another quantity's values under this name", ("used",)),
    "shape": Kind("a size that the equation cannot have", ("received", "expected")),
    # dtype: of your values; how: "truncated", "rounded", "floor" (whole numbers where the right
    # ones are not), "zero" (1 // m is 0)
    "dtype_or_integer_division": Kind("rounded to whole numbers on the way", ("dtype", "how")),
    # dtype: of your values; error: the largest relative error
    "precision": Kind("right, but lossy", ("dtype", "error")),
    # count: how many; what: "nan", "inf" or "nan and inf"
    "nan_or_inf": Kind("not numbers", ("count", "what")),
    "all_zero": Kind("every number is 0: never computed, or multiplied by 0"),
    # error: the exception's type; text: its message; line: its number in the student's file, or
    # None; code: that line's text, or ""
    "error": Kind("the student's code raised an exception", ("error", "text", "line", "code")),
    # what: what it is instead of numbers: the type's name
    "not_numbers": Kind("no array of numbers", ("what",)),
    "consequence": Kind("a right equation, fed with a wrong quantity: see `follows_from`"),
    # the candidates are in `candidates`: (kind, details) each
    "ambiguous": Kind("several mistakes explain these numbers: see `candidates`"),
    # not_given: what it is computed from and is not among the student's values
    "unknown": Kind("wrong, and none of the mistakes known here explains it", ("not_given",)),
}

# What a diagnosis adds that is no mistake, each with the keys of its details.
NOTES: dict[str, Kind] = {
    "derivatives_of_J": Kind(
        "dZ and dA are derivatives of J, 1/m already in them: consistent, not the notes' choice"
    ),
    "variables": Kind("not handed in, but variables of the student's function", ("quantities",)),
    "float32": Kind("compared within the precision of float32", ("quantities",)),
    "not_given": Kind("not among the student's values, so not checked", ("quantities",)),
    "not_understood": Kind("names that are no quantity of this network", ("names",)),
    "nothing_to_check": Kind("none of the network's quantities is there"),
}
