"""Values of the forward pass among the student's: Z and A have equations too."""

from asked import diagnosed, mistakes, values


def test_a_wrong_value_of_the_forward_pass_is_found_first():
    """A1 by another function is the mistake; what is computed from it, in either pass, follows."""
    found = diagnosed(values(returned="forward", A1="1 / (1 + np.exp(-Z1))"))
    assert mistakes(found) == [("A1", "wrong_activation")]
    assert found.findings[0].student_equation == "A1 = sigmoid(Z1)"
    assert found.findings[0].expected_equation == "A1 = g1(Z1)"
    follows = {f.quantity: f.follows_from for f in found.findings}
    assert follows["Z2"] == ("A1",)
    assert "A1" in follows["dW2"]
    assert follows["dW1"] == ("dZ1",)
    mended = diagnosed({q: v for q, v in values(returned="forward").items() if q != "Z1"})
    assert mended.ok


def test_values_of_the_forward_pass_stand_for_themselves():
    """Derivatives are computed from the student's A1, whether Z2 and A2 are handed in or not."""
    wrong = values(returned="forward", A1="1.1 * np.tanh(Z1)", dW2="dZ2 @ A1.T")
    for left_out in ((), ("Z2",), ("Z2", "A2"), ("Z1", "Z2", "A2", "dZ2")):
        found = diagnosed({q: v for q, v in wrong.items() if q not in left_out})
        assert mistakes(found) == [("A1", "constant_factor"), ("dW2", "missing_1_over_m")]
